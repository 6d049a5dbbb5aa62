"""What `manage.py check` says of Rota."""
