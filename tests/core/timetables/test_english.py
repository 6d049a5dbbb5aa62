"""Cron lines said in English."""

import pytest

from rota.core.timetables import cron


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("* * * * *", "Every minute"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("*/7 * * * *", "At minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 past every hour"),
        ("0 * * * *", "Every hour"),
        ("17 * * * *", "At 17 minutes past every hour"),
        ("1 * * * *", "At 1 minute past every hour"),
        ("5,35 * * * *", "At minutes 5 and 35 past every hour"),
        ("0 */2 * * *", "Every 2 hours"),
        ("15 */2 * * *", "At 15 minutes past every 2nd hour"),
        ("*/5 */2 * * *", "Every 5 minutes of every 2nd hour"),
        ("* */2 * * *", "Every minute of every 2nd hour"),
        ("30 2 * * *", "At 02:30 every day"),
        ("30 2 13 * FRI", "At 02:30 on the 13th of the month or on Fridays"),
        ("0 9-17 * * *", "Every hour from 09:00 to 17:00"),
        ("30 9-17 * * 1-5", "Every hour from 09:30 to 17:30 on weekdays"),
        ("* 9-17 * * 1-5", "Every minute from 09:00 to 17:59 on weekdays"),
        ("*/15 9-17 * * *", "Every 15 minutes from 09:00 to 17:45"),
        ("* 9 * * *", "Every minute from 09:00 to 09:59"),
        ("*/10 3,9 * * *", "Every 10 minutes of hours 3 and 9"),
        ("5,10 1,2,3,9 * * *", "At minutes 5 and 10 past hours 1, 2, 3 and 9"),
        ("0 0 1 1 *", "At 00:00 on the 1st of January"),
        ("0 0 1,15 * *", "At 00:00 on the 1st and the 15th of the month"),
        ("0 0 1-7 * *", "At 00:00 from the 1st to the 7th of the month"),
        ("0 0 L * *", "At 00:00 on the last day of the month"),
        ("0 0 L-3 * *", "At 00:00 on the 3rd day before the last of the month"),
        ("0 0 15W * *", "At 00:00 on the weekday nearest to the 15th of the month"),
        ("0 0 LW * *", "At 00:00 on the last weekday of the month"),
        ("0 0 * * MON#1", "At 00:00 on the first Monday of the month"),
        ("0 0 * * FRIL", "At 00:00 on the last Friday of the month"),
        ("0 0 */2 * MON", "At 00:00 on every 2nd day of the month from the 1st if that is a Monday"),
        ("0 0 */2 * *", "At 00:00 on every 2nd day of the month from the 1st"),
        ("0 0 * 3 *", "At 00:00 every day in March"),
        ("0 0 * 1-6 MON-WED", "At 00:00 from Monday to Wednesday, from January to June"),
        ("0 0 * * 6,0", "At 00:00 on Saturdays and Sundays"),
        ("*/10 * * * * *", "Every 10 seconds"),
        ("* * * * * *", "Every second"),
        ("15 30 2 * * *", "At 02:30:15 every day"),
        ("15 * * * * *", "At second 15 of every minute"),
        ("*/10 0 9 * * *", "At 09:00, 09:00:10, 09:00:20, 09:00:30, 09:00:40 and 09:00:50 every day"),
        ("*/10 * 9-17 * * *", "Every 10 seconds of every minute of hours 9 to 17"),
        ("H H * * *", "At 04:19 every day (H stands for another number in each schedule)"),
        ("0 0 13 3 5", "At 00:00 on the 13th of the month or on Fridays, in March"),
        ("0 0 * 3 MON#1", "At 00:00 on the first Monday of March"),
        ("0 0 L,15 * *", "At 00:00 on the 15th and on the last day of the month"),
        ("0 12 * * 1,3,5", "At 12:00 on Mondays, Wednesdays and Fridays"),
        ("0 0 * */3 *", "At 00:00 every day in January, April, July and October"),
        ("0 0 29 2 *", "At 00:00 on the 29th of February"),
        ("1-20 5 * * *", "At minutes 1 to 20 past hour 5"),
        ("0 0,6,12,18 * * *", "At 00:00, 06:00, 12:00 and 18:00 every day"),
        ("0-30 0 * * * *", "At seconds 0 to 30 of minute 0 of every hour"),
        (
            "0 5 * * 0-2,5#2",
            "At 05:00 on Mondays, Tuesdays and Sundays and on the second Friday of the month",
        ),
        ("30 0-23 * * *", "At 30 minutes past every hour"),
    ],
)
def test_describe(line, said):
    assert cron(line).describe() == said


def test_the_zone_and_a_chosen_rule_are_said():
    line = cron("30 2 13 * FRI", "Europe/Paris", gap="skip", repeat="both")
    assert line.describe() == (
        "At 02:30 on the 13th of the month or on Fridays, Europe/Paris, "
        "times that clocks skip are left out, times shown twice happen both times"
    )
