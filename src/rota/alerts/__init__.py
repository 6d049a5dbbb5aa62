"""Alerts: what needs a person is told where people look, by schedules that are ordinary work of the rota."""
