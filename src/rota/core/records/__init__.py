"""The records that pass between the floors. Frozen: a change makes a new record.

Every instant is an aware `datetime` in UTC, every duration a `timedelta`, every id a `str`.

The modules are imported when a name of theirs is first asked for: making dataclasses takes time, and
`import rota` needs few of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rota.core.records.attempts import Attempt as Attempt
    from rota.core.records.attempts import Claimed as Claimed
    from rota.core.records.attempts import ClaimRequest as ClaimRequest
    from rota.core.records.attempts import Failure as Failure
    from rota.core.records.attempts import Finished as Finished
    from rota.core.records.attempts import Lease as Lease
    from rota.core.records.attempts import Renewal as Renewal
    from rota.core.records.attempts import Report as Report
    from rota.core.records.attempts import Settlement as Settlement
    from rota.core.records.nodes import AuditLine as AuditLine
    from rota.core.records.nodes import Backlog as Backlog
    from rota.core.records.nodes import Counts as Counts
    from rota.core.records.nodes import Made as Made
    from rota.core.records.nodes import Node as Node
    from rota.core.records.nodes import Waiting as Waiting
    from rota.core.records.people import Token as Token
    from rota.core.records.people import User as User
    from rota.core.records.queries import RunQuery as RunQuery
    from rota.core.records.queries import ScheduleQuery as ScheduleQuery
    from rota.core.records.runs import AlikeRuns as AlikeRuns
    from rota.core.records.runs import BriefRun as BriefRun
    from rota.core.records.runs import Cancelled as Cancelled
    from rota.core.records.runs import NewRun as NewRun
    from rota.core.records.runs import PastError as PastError
    from rota.core.records.runs import Run as Run
    from rota.core.records.schedules import ActiveRun as ActiveRun
    from rota.core.records.schedules import Change as Change
    from rota.core.records.schedules import Declared as Declared
    from rota.core.records.schedules import Definition as Definition
    from rota.core.records.schedules import DueSchedule as DueSchedule
    from rota.core.records.schedules import Generation as Generation
    from rota.core.records.schedules import Override as Override
    from rota.core.records.schedules import Pause as Pause
    from rota.core.records.schedules import Plan as Plan
    from rota.core.records.schedules import Schedule as Schedule
    from rota.core.records.schedules import SyncLine as SyncLine
    from rota.core.records.schedules import SyncPlan as SyncPlan
    from rota.core.records.states import ACTIVE as ACTIVE
    from rota.core.records.states import ENDED as ENDED
    from rota.core.records.states import Json as Json
    from rota.core.records.states import Origin as Origin
    from rota.core.records.states import Outcome as Outcome
    from rota.core.records.states import RunState as RunState
    from rota.core.records.states import ScheduleState as ScheduleState
    from rota.core.records.states import Source as Source

_NAMES = {
    "attempts": "Attempt ClaimRequest Claimed Failure Finished Lease Renewal Report Settlement",
    "nodes": "AuditLine Backlog Counts Made Node Waiting",
    "people": "Token User",
    "queries": "RunQuery ScheduleQuery",
    "runs": "AlikeRuns BriefRun Cancelled NewRun PastError Run",
    "schedules": "ActiveRun Change Declared Definition DueSchedule Generation Override Pause Plan"
    " Schedule SyncLine SyncPlan",
    "states": "ACTIVE ENDED Json Origin Outcome RunState ScheduleState Source",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value
