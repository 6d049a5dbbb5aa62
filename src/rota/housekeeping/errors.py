"""What housekeeping raises."""

from __future__ import annotations

from collections.abc import Sequence

from rota.errors import RotaError


class BackupFailed(RotaError):
    """A backup could not be made. What was to follow it has not begun.

    Attributes:
        database: Alias of the database.
        problem: What went wrong.
    """

    def __init__(self, database: str, problem: str) -> None:
        self.database, self.problem = database, problem
        super().__init__(
            f"the backup of database {database!r} failed: {problem.rstrip('.')}. "
            f"What was to follow it has not begun."
        )


class RowsFailed(RotaError):
    """Some rows could not be dealt with; all others were.

    Attributes:
        task: What was being done, such as `"purge reports.Report"`.
        failed: How many rows.
        done: How many rows went well.
        problems: The first of them, with the key of the row.
    """

    def __init__(self, task: str, failed: int, done: int, problems: Sequence[str]) -> None:
        self.task, self.failed, self.done, self.problems = task, failed, done, tuple(problems)
        super().__init__(
            f"{task}: {failed} rows failed, {done} went well. First: {'; '.join(problems)}. "
            f"The log of the run has them all; the next run tries them again."
        )
