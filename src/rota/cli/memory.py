"""What a process that is Rota's alone tells the garbage collector."""

from __future__ import annotations

import gc


def leave_alone_what_is_loaded() -> None:
    """Let the collector never look again at what lives as long as the process: modules, and the application.

    Otherwise every so often one request waits until all of it has been looked through for nothing: 40 to
    50 ms with 10,000 declared schedules.
    """
    gc.collect()
    gc.freeze()
