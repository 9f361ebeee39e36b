"""How and where a customer wants to be reached. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orders.frozen import frozen


@frozen
class QuietHours:
    """When a phone is not to ring: every day from `begin` to `end`, past midnight if `end` is earlier."""

    begin: time
    end: time
    zone: ZoneInfo

    def over_at(self, now: datetime) -> datetime | None:
        """When the present quiet hours end, in UTC; None if it is not quiet now.

        If clocks skip the end in spring, it is later by at most what they skip. If they show it twice in autumn, the
        first counts unless it has passed, since the clock decides.
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
        """Both moments when clocks may show the end on that day; if they skip it, the first counts."""
        local = datetime.combine(day, self.end, self.zone)
        return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


@frozen
class Contact:
    """A customer's contact details. All are well-formed; malformed ones are missing."""

    email: str | None = None
    phone: str | None = None
    """In E.164: a plus sign, the country's code, the number."""
    locale: str | None = None
    """In a browser's or Babel's form."""
    refused: frozenset[str] = frozenset()
    """The kinds of messages that the customer does not want."""
    quiet_hours: QuietHours | None = None
