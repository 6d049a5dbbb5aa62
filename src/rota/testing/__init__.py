"""For tests of applications: a virtual clock, and whole systems in virtual time."""

from rota.testing.clock import VirtualClock as VirtualClock
