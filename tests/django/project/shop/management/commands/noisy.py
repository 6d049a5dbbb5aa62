"""A command that says what it does."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Sweeps."""

    def add_arguments(self, parser):
        parser.add_argument("--fail", action="store_true")

    def handle(self, *, fail, **options):
        self.stdout.write("swept 3 corners")
        if fail:
            raise CommandError("the broom is broken")
