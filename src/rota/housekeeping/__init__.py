"""Rota keeps its own house: internal tasks, on schedules that are visible like any other."""

OWN = "rota."  # what the names of internal tasks and schedules begin with
