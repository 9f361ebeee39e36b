"""The hours in which a customer wants no phone to ring. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orders.frozen import frozen


@frozen
class QuietHours:
    """Every day from one time to another, by the clocks of a time zone; over midnight if the end is the earlier one."""

    begin: time
    end: time
    zone: ZoneInfo

    def over_at(self, now: datetime) -> datetime | None:
        """When they are over, in UTC; None if they are not on now.

        An end that the clocks skip as summer begins is at most as much later as they skip. One that they show twice as
        summer ends is the first of both, unless that has passed: what the clocks show is what counts.
        """
        local = now.astimezone(self.zone)
        if not self._are_on(local.time()):
            return None
        ends_today = local.time() < self.end
        first, second = self._ends_on(local.date() if ends_today else local.date() + timedelta(days=1))
        return first if first > now else second

    def _are_on(self, clock: time) -> bool:
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end

    def _ends_on(self, day: date) -> tuple[datetime, datetime]:
        """Both moments at which the clocks may show the end of that day; the first decides where they skip it."""
        local = datetime.combine(day, self.end, self.zone)
        return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
