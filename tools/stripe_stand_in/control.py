"""Controls a running stand-in: what customers and banks do, what fails, and how webhooks are sent."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tools.addresses import found
from tools.posting import post
from tools.stripe_events import Json
from tools.stripe_stand_in.faults import Kind
from tools.toolchain import BUILD

QUIET_SECONDS_MAX: Final = 30


class NotPossible(Exception):
    """The stand-in refuses the control. The message says why."""


@dataclass(frozen=True, slots=True)
class StandIn:
    origin: str
    """The base URL, which is also what `STRIPE_API_URL` is set to."""

    @classmethod
    def of_the_emulators(cls) -> "StandIn":
        """The one that runs beside the emulators. Raises NoEmulators."""
        return cls(f"http://{found(os.environ, BUILD).stripe}")

    # --- What customers and banks do ---------------------------------------------------------------------------------

    def complete(
        self, session_id: str, *, shipping: int = 0, tax: int = 0, discount: int = 0, is_slow: bool = False
    ) -> Json:
        """The customer pays; returns the session. A slow payment is processing until `settle`.

        Args:
            shipping: the index of the chosen shipping option, from 0.
            tax: what Stripe adds, in minor units.
            discount: what a promotion code takes off, in minor units.
        """
        return self._do(
            f"sessions/{session_id}/complete", shipping=shipping, tax=tax, discount=discount, is_slow=is_slow
        )

    def decline(self, session_id: str) -> Json:
        """The customer's bank declines; the session stays open."""
        return self._do(f"sessions/{session_id}/decline")

    def settle(self, session_id: str, *, is_paid: bool = True) -> Json:
        """The slow payment succeeds, or fails."""
        return self._do(f"sessions/{session_id}/settle", is_paid=is_paid)

    def go_forward(self, seconds: int) -> None:
        """Put the clock forward: sessions expire, idempotency keys are forgotten, events become too old."""
        self._do("clock/forward", seconds=seconds)

    def add_shipping_rate(self, rate_id: str, amount: int) -> None:
        self._do(f"shipping_rates/{rate_id}", amount=amount, currency="eur", display_name="Post")

    # --- What goes wrong ---------------------------------------------------------------------------------------------

    def fail_next(self, kind: Kind, *, times: int = 1, seconds: int = 1, about: str = "") -> None:
        """Fail this many requests whose path, key or parameters contain the text `about`; see `faults.Kind`."""
        self._do("faults/plan", kind=kind, times=times, seconds=seconds, about=about)

    def fail_no_more(self) -> None:
        self._do("faults/clear")

    # --- Webhooks ----------------------------------------------------------------------------------------------------

    def send_webhooks(self, about: str = "", **habits: object) -> None:
        """Set how events that contain the text `about` are sent: `webhooks.Habits`. What is left out is reset."""
        self._do("webhooks/habits", about=about, **habits)

    def send_again(self, event_id: str, *, form: str = "snapshot") -> None:
        """Resend an event as `snapshot` or `thin`."""
        self._do(f"webhooks/{event_id}/again", form=form)

    def deliveries(self, about: str = "", *, seconds: float = QUIET_SECONDS_MAX) -> Sequence[Json]:
        """Every attempt to deliver an event that contains this text, once no delivery is under way any more.

        Each has `event, snapshot, type, status, said`; the status is None if there was no answer.

        Raises NotPossible: a delivery is still under way after this many seconds.
        """
        answer = self._do("webhooks/attempts", about=about, seconds=seconds)
        attempts: Sequence[Json] = answer["attempts"]
        if not answer["quiet"]:
            raise NotPossible(f"Webhooks are still on their way. The latest attempts: {attempts[-3:]}")
        return attempts

    # --- What it knows -----------------------------------------------------------------------------------------------

    def requests(self) -> Sequence[Json]:
        """Every request to the API: `id, method, path, parameters, key, version, headers, status, repeated`."""
        requests: Sequence[Json] = self._do("requests")["requests"]
        return requests

    def events(self) -> Sequence[Json]:
        """Every event, oldest first."""
        events: Sequence[Json] = self._do("events")["events"]
        return events

    def _do(self, control: str, /, **asked: object) -> Json:
        answer = post(f"{self.origin}/_control/{control}", json.dumps(asked).encode())
        fields = dict(answer.fields())
        if not answer.is_done:
            raise NotPossible(f"{control}: {fields.get('error') or answer}")
        return fields
