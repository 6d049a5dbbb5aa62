"""The application of `bench.past`, for a server of its own."""

import os

from bench.past import application

rota = application(os.environ["ROTA_STORE"], int(os.environ["BENCH_SCHEDULES"]))
