"""The scheduled work of the reports, and the mail that is tried again."""

from datetime import timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from orders.models import Order
from reports.models import Report
from rota.integrations.django.compat import ScheduledTaskConfig, create_retryable


def daily_report() -> str:
    """Report the orders that no report has yet."""
    with transaction.atomic():
        orders = Order.objects.filter(report=None)
        if not orders.exists():
            return "no new orders"
        total = orders.aggregate(total=Sum("amount"))["total"]
        report = Report.objects.create(
            title=f"Daily report of {timezone.localdate()}",
            text=f"{orders.count()} orders, {total:.2f} in all",
        )
        orders.update(report=report)
    retryable_send.execute(report_id=report.pk)
    return report.text


def weekly_report() -> str:
    """Report on the reports of the last seven days."""
    since = timezone.now() - timedelta(days=7)
    titles = (
        Report.objects.filter(created_at__gte=since).order_by("created_at").values_list("title", flat=True)
    )
    report = Report.objects.create(
        title=f"Weekly report of {timezone.localdate()}", text="\n".join(titles) or "a quiet week"
    )
    retryable_send.execute(report_id=report.pk)
    return report.text


def send_report(report_id: int) -> None:
    """Mail a report, unless it has been mailed."""
    report = Report.objects.get(pk=report_id)
    if report.sent_at is None:
        send_mail(report.title, report.text, "reports@example.com", ["boss@example.com"])
        report.sent_at = timezone.now()
        report.save(update_fields=["sent_at"])


retryable_send = create_retryable(send_report, tag="mail", max_retries=3, retry_delay_minutes=5)

SCHEDULED_TASKS = [
    ScheduledTaskConfig(
        func=daily_report, schedule_type="daily", schedule_hour=6, schedule_minute=0, tag="reports"
    ),
    ScheduledTaskConfig(
        func=weekly_report,
        schedule_type="weekly",
        schedule_day_of_week=0,  # Monday
        schedule_hour=6,
        schedule_minute=30,
        tag="reports",
    ),
]
