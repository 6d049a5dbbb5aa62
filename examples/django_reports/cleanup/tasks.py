"""What nobody needs any more."""

import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from reports.models import Report
from rota.integrations.django.compat import ScheduledTaskConfig

MONTH = timedelta(days=30)
YEAR = timedelta(days=365)


class Cleanup:
    """Deletes what is old."""

    @staticmethod
    def delete_old_mail() -> int:
        """Delete mails that were written a month ago."""
        oldest = time.time() - MONTH.total_seconds()
        old = [path for path in settings.EMAIL_FILE_PATH.glob("*.log") if path.stat().st_mtime < oldest]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    @staticmethod
    def delete_old_reports() -> int:
        """Delete reports of last year."""
        deleted, _ = Report.objects.filter(created_at__lt=timezone.now() - YEAR).delete()
        return deleted


SCHEDULED_TASKS = [
    ScheduledTaskConfig(
        func=Cleanup.delete_old_mail, schedule_type="hourly", schedule_interval=6, tag="cleanup"
    ),
    ScheduledTaskConfig(
        func=Cleanup.delete_old_reports,
        schedule_type="monthly",
        schedule_day_of_month=1,
        schedule_hour=3,
        schedule_minute=0,
        tag="cleanup",
    ),
]
