// What this browser remembers. A private window forgets it, and nothing breaks.
export const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
export const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* not here */ } };
