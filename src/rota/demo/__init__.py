"""The demo: a shop with a real database, a rota over it, and a view of both while they work."""
