"""Judges of what was committed. They know the law, and nothing of the code under test."""
