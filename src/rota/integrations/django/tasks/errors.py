"""What `django.tasks` has words for, and the rest of Rota has not."""

from __future__ import annotations

from rota.errors import RotaError


class NodeLost(RotaError):
    """Stands for an attempt that ended without a word: its node died, or was away for too long.

    Attributes:
        node: Its id.
    """

    def __init__(self, node: str | None) -> None:
        self.node = node
        super().__init__(f"node {node or '(unknown)'} died, or was away for longer than the lease.")


class NotExecuted(RotaError):
    """Stands for the end of a run whose body was never executed to its end, and did not fail either.

    Attributes:
        state: How the run ended: cancelled, expired, skipped or missed.
        reason: Why, if that is known.
    """

    def __init__(self, state: str, reason: str | None = None) -> None:
        self.state, self.reason = state, reason
        super().__init__(f"the run was {state}{f': {reason}' if reason else ''}.")


class FailedElsewhere(RotaError):
    """A task that was handed to another back end of `django.tasks` failed there.

    Attributes:
        backend: Alias of the back end.
        kind: Dotted path of the class of the error.
        traceback: As the back end has kept it.
    """

    def __init__(self, backend: str, kind: str, traceback: str) -> None:
        self.backend, self.kind, self.traceback = backend, kind, traceback
        super().__init__(f"back end {backend!r}: {kind}\n{traceback}")


class NotFollowed(RotaError):
    """A task was handed to a back end that executes it some time, and can not be asked what became of it.

    Attributes:
        task: Dotted path of the task.
        backend: Alias of the back end.
    """

    def __init__(self, task: str, backend: str) -> None:
        self.task, self.backend = task, backend
        super().__init__(
            f"task {task!r} is with back end {backend!r}, which gives no results: whether it is executed can "
            f"not be known. Schedule a task of a back end that has `supports_get_result`, or one of Rota's."
        )
