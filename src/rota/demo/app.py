"""The shop's rota: what is to be done, and when. `rota demo` runs it.

It is what you would write for an application of yours, save that much of it is due every few seconds, so
that there is something to see. Try `rota list rota.demo.app:rota` in the folder where the demo was started.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import date
from zoneinfo import ZoneInfo

from rota import Rota, RunContext, cron, daily, every, monthly, weekly
from rota.demo import housekeeping, search, shop
from rota.demo.traffic import add_traffic

BANK_IS_CLOSED = 3  # the hour from then on
HOLIDAYS = [date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1)]

rota = Rota(
    "shop",
    timezone="Europe/Zurich",
    store=os.environ.get("ROTA_STORE") or f"sqlite:///{shop.folder() / 'rota.db'}",
)

# -- Housekeeping: plain functions of the application, declared as they are.
# They share one database, so two at a time are enough; and none of them may take long.
kept = rota.task(
    queue="housekeeping",
    tags=["housekeeping"],
    retries=2,
    backoff="2s",
    time_limit="30s",
    concurrency=("housekeeping", 2),
)

rota.schedule(kept(housekeeping.purge_expired_submissions), every("4s"), args={"days": 30})
rota.schedule(kept(housekeeping.remove_orphaned_messages), every("5s"))
rota.schedule(kept(housekeeping.delete_old_conversations), every("7s"), args={"days": 180}, jitter="2s")
rota.schedule(kept(housekeeping.drop_idempotency_keys), cron("*/6 * * * * *"))
rota.schedule(kept(housekeeping.expire_sessions), cron("*/5 * * * * *"))
rota.schedule(kept(housekeeping.mark_stuck_submissions), every("8s"), args={"minutes": 60})
rota.schedule(kept(housekeeping.write_statistics), cron("*/15 * * * * *"), catch_up="none")


# -- What the shop does all day.
@rota.scheduled(every("1s"), tags=["traffic"], catch_up="none")
def traffic() -> dict[str, int]:
    """Let customers write, order and sign in."""
    return {"rows_added": add_traffic()}


@rota.scheduled(
    every("10s"), queue="mail", tags=["mail"], retries=4, backoff="2s", retry_on=[ConnectionError]
)
def send_digest(context: RunContext) -> dict[str, int]:
    """Send the digest. The mail server of this demo answers at the third attempt."""
    if context.attempt < 3:
        raise ConnectionError("the mail server does not answer")
    return {"mails_sent": 120}


@rota.scheduled(every("3s"), tags=["sync"], overlap="skip")
def sync_inventory(context: RunContext, pages: int = 5, seconds_per_page: float = 1.0) -> dict[str, int]:
    """Ask the slow warehouse for its stock. It takes 5 s every 3 s, so each second time is skipped."""
    for page in range(pages):
        context.progress(page, pages, f"asking for page {page + 1}")
        time.sleep(seconds_per_page)
        context.raise_if_cancelled()
    context.progress(pages, pages)
    return {"articles_synced": pages * 50}


@rota.scheduled(every("12s"), queue="search", tags=["search"], time_limit="5m")
def rebuild_search_index(context: RunContext, slices: int = 60, pause: float = 0.1) -> dict[str, int]:
    """Index all messages anew, at an easy pace."""
    return search.rebuild(slices, pause, context.progress, lambda: context.cancelled)


@rota.scheduled(every("9s"), tags=["sync"], time_limit="10s")
async def check_suppliers(suppliers: int = 20) -> dict[str, int]:
    """Ask all suppliers at once whether they can deliver."""
    answers = await asyncio.gather(*(asyncio.sleep(0.1 + one / 20, result=True) for one in range(suppliers)))
    return {"suppliers_answered": sum(answers)}


rota.command("disk_usage", ["df", "-h", "."], cron("10,40 * * * * *"), tags=["system"])


# -- What happens once in a while, in the zone of those who wait for it.
@rota.scheduled(cron("*/30 * * * *"), tags=["report"], catch_up="none")
def reconcile_payments(context: RunContext) -> dict[str, int]:
    """Compare our payments with those of the bank, which is closed from three to four in the night."""
    at = (context.planned_at or rota.clock.now()).astimezone(ZoneInfo(rota.timezone))
    if at.hour == BANK_IS_CLOSED:
        raise ConnectionError("the bank does not answer before 04:00")
    return {"payments_compared": 60 * at.hour + at.minute}


@rota.scheduled(daily("02:00"), tags=["report"], retries=3)
def nightly_report(context: RunContext) -> dict[str, int]:
    """Write the report of the time since the last one that succeeded."""
    context.log.info("from %s to %s", context.window_start, context.window_end)
    return {"tables_reported": len(shop.counts())}


@rota.scheduled(
    cron("0 9-17 * * mon-fri", timezone="Europe/London"), exclude=HOLIDAYS, queue="mail", tags=["mail"]
)
def remind_support() -> dict[str, int]:
    """Remind the support team of open conversations, in office hours, but not on holidays."""
    return {"reminders_sent": 3}


@rota.scheduled(weekly("sun 04:00", timezone="America/New_York"), tags=["system"], catch_up="all")
def compact_database() -> None:
    """Give the space of deleted rows back to the disk."""
    with shop.connect() as db:
        db.execute("VACUUM")


@rota.scheduled(monthly("last weekday", "18:00", timezone="Asia/Tokyo"), queue="mail", tags=["report"])
def send_invoices() -> dict[str, int]:
    """Send the invoices of the month."""
    return {"invoices_sent": 42}
