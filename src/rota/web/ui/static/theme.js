// Before anything is drawn: the theme that was chosen, so that no page flashes.
try {
  const chosen = localStorage.getItem("rota-theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch { /* private window */ }
