"""Planted bugs: small mutations of the product, each of which the simulation must catch."""
