"""Rota inside applications of others. Nothing starts at import."""
