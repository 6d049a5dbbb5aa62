"""Make the tables of a home-made scheduler in the database of a project, with a few rows; run inside it."""

from django.db import connection

INSTANT = "datetime" if connection.vendor == "sqlite" else "timestamp with time zone"
COMMON = (
    "id integer PRIMARY KEY, function_path varchar(512), tag varchar(100), status varchar(20), "
    f"next_run_time {INSTANT}, last_run_time {INSTANT}, lock_acquired_at {INSTANT}, error_history text"
)
SCHEDULED = (
    f"{COMMON}, schedule_type varchar(20), schedule_interval integer, schedule_hour integer, "
    "schedule_minute integer, schedule_day_of_week integer, schedule_day_of_month integer"
)
RETRIES = (
    f"{COMMON}, retry_count integer, max_retries integer, retry_delay_minutes integer, "
    "function_parameters text"
)
SCHEDULED_COLUMNS = (
    "id, function_path, tag, status, next_run_time, "
    "schedule_type, schedule_interval, schedule_hour, schedule_minute"
)
SCHEDULED_ROWS = [
    (1, "orders.tasks.import_orders", "", "completed", "2026-11-20 10:10:00Z", "minutes", 10, None, None),
    (2, "reports.tasks.daily_report", "", "failed", "2026-11-20 06:00:00Z", "daily", None, 6, 0),
    (3, "reports.tasks.gone", "", "pending", "2026-11-21 06:00:00Z", "daily", None, 6, 0),
    (4, "reports.tasks.older", "", "inactive", None, "daily", None, 6, 0),
    (5, "reports.tasks.weekly_report", "", "pending", "2026-11-23 05:30:00Z", "yearly", None, 5, 30),
]
RETRY_COLUMNS = (
    "id, function_path, tag, status, next_run_time, "
    "retry_count, max_retries, retry_delay_minutes, function_parameters"
)
SEND = "reports.tasks.send_report"
RETRY_ROWS = [
    (1, SEND, "mail", "failed", "2026-11-20 10:05:00Z", 1, 3, 7, '{"report_id": 7}'),
    (2, SEND, "mail", "completed", None, 1, 3, 7, '{"report_id": 6}'),
    (3, SEND, "mail", "failed", None, 3, 3, 7, '{"report_id": 5}'),
    (4, SEND, "mail", "pending", "2026-11-20 10:00:00Z", 0, 3, 7, '{"report": 4}'),
]


def make(cursor, table, definition, columns, rows):
    cursor.execute(f"CREATE TABLE {table} ({definition})")
    cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * 9)})", rows)


with connection.cursor() as cursor:
    make(cursor, "scheduler_scheduledtask", SCHEDULED, SCHEDULED_COLUMNS, SCHEDULED_ROWS)
    make(cursor, "scheduler_retrytask", RETRIES, RETRY_COLUMNS, RETRY_ROWS)
answer = "made"
