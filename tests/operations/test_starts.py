"""What the start of a node changes when what it declares is in force already."""

import sqlite3
from contextlib import closing
from datetime import timedelta

from rota import Rota, every
from rota.core.records import ScheduleState
from rota.operations.lookups import schedule_named
from rota.testing import VirtualClock


def test_a_quarantined_schedule_is_tried_again(tmp_path):
    path, clock = tmp_path / "shop.db", VirtualClock()

    def started():
        rota = Rota("shop", clock=clock, housekeeping=False, store=f"sqlite:///{path}")
        rota.schedule(rota.task(name="mail")(lambda: None), every("1h"))
        rota.tick()
        return rota

    started().close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE rota_schedule SET effective = replace(effective, '1h', '1x')")
        connection.commit()
    clock.advance(timedelta(hours=2))
    with closing(started()) as rota:
        assert schedule_named(rota, "mail").state is ScheduleState.QUARANTINED
    with closing(started()) as rota:
        assert schedule_named(rota, "mail").state is ScheduleState.ACTIVE
