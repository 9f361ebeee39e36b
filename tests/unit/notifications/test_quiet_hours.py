"""When quiet hours are on and over: at every minute of a day, over midnight, and when clocks change."""

from datetime import UTC, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from notifications.contact import QuietHours

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NIGHT = QuietHours(time(22), time(7), BERLIN)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def quiet(begin: str, end: str, zone: str = "UTC") -> QuietHours:
    return QuietHours(time.fromisoformat(begin), time.fromisoformat(end), ZoneInfo(zone))


@pytest.mark.parametrize(("begin", "end"), [*product(("00:00", "06:00", "12:30", "23:59"), repeat=2)])
def test_they_are_on_from_the_first_minute_until_before_the_last_and_then_over(begin: str, end: str) -> None:
    hours = quiet(begin, end)
    midnight = datetime(2026, 6, 1, tzinfo=UTC)
    minutes_on = set()
    for minute in range(24 * 60):
        over = hours.over_at(midnight + minute * MINUTE)
        if over:
            minutes_on.add(minute)
            assert over.strftime("%H:%M") == end
            assert timedelta(0) < over - (midnight + minute * MINUTE) <= 24 * HOUR
            assert hours.over_at(over) is None
    first, last = (time.fromisoformat(text).hour * 60 + time.fromisoformat(text).minute for text in (begin, end))
    assert minutes_on == {(first + passed) % 1440 for passed in range((last - first) % 1440)}


def test_seconds_count() -> None:
    hours = quiet("22:00", "07:00")
    assert hours.over_at(at("2026-06-01T21:59:59.999999Z")) is None
    assert hours.over_at(at("2026-06-02T06:59:59.999999Z")) == at("2026-06-02T07:00Z")


def test_the_clocks_of_their_zone_count_in_summer_and_in_winter() -> None:
    assert NIGHT.over_at(at("2026-06-01T20:00Z")) == at("2026-06-02T05:00Z")
    assert NIGHT.over_at(at("2026-06-01T19:59Z")) is None
    assert NIGHT.over_at(at("2026-12-01T20:59Z")) is None
    assert NIGHT.over_at(at("2026-12-01T21:00Z")) == at("2026-12-02T06:00Z")
    assert quiet("22:00", "07:00", "Asia/Kolkata").over_at(at("2026-12-01T18:00Z")) == at("2026-12-02T01:30Z")


def test_the_night_in_which_summer_begins_is_an_hour_shorter_and_the_one_in_which_it_ends_an_hour_longer() -> None:
    assert NIGHT.over_at(at("2026-03-28T21:00Z")) == at("2026-03-29T05:00Z")
    assert NIGHT.over_at(at("2026-10-24T20:00Z")) == at("2026-10-25T06:00Z")


def test_an_end_that_the_clocks_skip_is_later_by_what_they_skip() -> None:
    # In Berlin clocks went from 2:00 to 3:00 that night, at 1:00 UTC.
    hours = quiet("22:00", "02:30", "Europe/Berlin")
    assert hours.over_at(at("2026-03-29T00:59Z")) == at("2026-03-29T01:30Z")
    assert hours.over_at(at("2026-03-29T01:00Z")) is None


def test_an_end_that_the_clocks_show_twice_is_the_first_and_then_the_second() -> None:
    # In Berlin clocks went from 3:00 back to 2:00 that night, at 1:00 UTC.
    hours = quiet("22:00", "02:30", "Europe/Berlin")
    assert hours.over_at(at("2026-10-25T00:29Z")) == at("2026-10-25T00:30Z")
    assert hours.over_at(at("2026-10-25T00:30Z")) is None
    assert hours.over_at(at("2026-10-25T01:00Z")) == at("2026-10-25T01:30Z")
    assert hours.over_at(at("2026-10-25T01:30Z")) is None


def test_their_end_is_in_utc_wherever_the_service_runs() -> None:
    hours = quiet("22:00", "02:30", "Europe/Berlin")
    for now in ("2026-10-25T00:29Z", "2026-10-25T01:00Z"):
        over = hours.over_at(at(now))
        assert over
        assert over.tzinfo is UTC


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
@pytest.mark.parametrize(("begin", "end"), [("22:00", "07:00"), ("22:00", "02:15"), ("01:45", "02:30")])
@pytest.mark.parametrize("first_day", ["2026-02-14T00:00Z", "2026-03-20T00:00Z", "2026-09-30T00:00Z"])
def test_quiet_hours_are_over_within_a_day_and_do_not_follow_each_other(
    zone: str, begin: str, end: str, first_day: str
) -> None:
    hours = quiet(begin, end, zone)
    # In these weeks the clocks of all four places change, both ways.
    for now in (at(first_day) + passed * 53 * MINUTE for passed in range(27 * 35)):
        if over := hours.over_at(now):
            assert now < over <= now + 24 * HOUR
            assert hours.over_at(over) is None
