"""What was really executed: every body that began, and how it ended. The store knows nothing of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from rota.core.records import Outcome
from rota.testing.runner import Behaviour


@dataclass(slots=True)
class Execution:
    """One body.

    Attributes:
        process: Name of the process that executed it.
        ended: How it ended; `None`: it goes on, or its process was killed.
    """

    run_id: str
    token: int
    does: Behaviour
    process: str
    began_us: int
    ended_us: int | None = None
    ended: Outcome | None = None


@dataclass(slots=True)
class Ledger:
    """Attributes:
    troubles: For each process, when something kept it from renewing its leases: from and to.
    """

    # A run that was purged may be made anew under its key, and its tokens begin anew too.
    _executions: dict[tuple[str, int, str], list[Execution]] = field(default_factory=dict)
    troubles: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def began(self, made: Execution) -> None:
        self._executions.setdefault((made.run_id, made.token, made.process), []).append(made)

    def execution(
        self, run_id: str, token: int, process: str, from_us: int, until_us: int
    ) -> Execution | None:
        """Return the last body of this run and token that a process began within this time."""
        all_ = self._executions.get((run_id, token, process), ())
        found = [one for one in all_ if from_us <= one.began_us <= until_us]
        return found[-1] if found else None

    def trouble(self, process: str, from_us: int, until_us: int) -> None:
        self.troubles.setdefault(process, []).append((from_us, until_us))

    def was_troubled(self, process: str, from_us: int, until_us: int) -> bool:
        return any(begin <= until_us and end >= from_us for begin, end in self.troubles.get(process, ()))
