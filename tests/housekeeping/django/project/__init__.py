"""A small Django project whose house is kept."""
