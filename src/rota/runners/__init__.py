"""Those who execute runs: `local` is Rota's own."""
