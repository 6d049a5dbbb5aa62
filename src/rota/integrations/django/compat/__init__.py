"""Home-made tables replaced: what ran on `ScheduledTask` and `RetryTask` rows runs on Rota, unchanged.

    INSTALLED_APPS += ["rota.integrations.django", "rota.integrations.django.compat"]

and in the `tasks.py` of any app:

    from rota.integrations.django.compat import ScheduledTaskConfig, create_retryable

    SCHEDULED_TASKS = [
        ScheduledTaskConfig(func=send_digest, schedule_type="daily", schedule_hour=6, schedule_minute=30),
    ]
    retryable_invoice = create_retryable(send_invoice, tag="mail", max_retries=5, retry_delay_minutes=10)

There is no second scheduler in here: each config becomes a schedule of the project's rota, each retry a run.
"""

from __future__ import annotations

from rota.integrations.django.compat.configs import ScheduledTaskConfig
from rota.integrations.django.compat.retries import RetryTask, last_errors, retry_tasks
from rota.integrations.django.compat.retryable import Retryable, create_retryable

__all__ = [
    "RetryTask",
    "Retryable",
    "ScheduledTaskConfig",
    "create_retryable",
    "last_errors",
    "retry_tasks",
]
