"""The settings, read from the environment once, checked, and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar

RESERVATION_MINUTES_MAX: Final = 24 * 60
# The slowest payment methods take two weeks: https://docs.stripe.com/payments/payment-methods.
ASYNC_RESERVATION_DAYS_MAX: Final = 30
# Stripe delivers an event again for up to three days (https://docs.stripe.com/webhooks#automatic-retries): a claim that
# is gone sooner makes every late delivery look new at first.
WEBHOOK_EVENT_TTL_DAYS_MIN: Final = 4
WEBHOOK_EVENT_TTL_DAYS_MAX: Final = 366


_Default = TypeVar("_Default", bool, None)


class SettingsError(ValueError):
    """A setting cannot be used. The message names it, and repeats its value only where that is no secret."""


@dataclass(frozen=True, slots=True)
class Settings:
    webhook_secrets: tuple[str, ...] = field(repr=False)
    """Stripe's signing secrets; empty where none is bound, as for functions that verify nothing."""
    reservation: timedelta
    """How long units stay held for an unpaid order."""
    async_reservation: timedelta
    """How long they stay held once a payment is on its way or authorised."""
    webhook_event_ttl: timedelta
    """How long a settled event's claim is kept."""
    expected_livemode: bool | None
    """Whether events must be of live mode (true) or test mode (false) to touch an order; None takes both."""
    restock_on_refund: bool
    """Whether refunded units go back on the shelf."""
    project: str | None
    """The Google Cloud project; None where the environment does not name one."""


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Raises SettingsError."""
    secrets = environment.get("STRIPE_WEBHOOK_SECRET", "").split(",")
    return Settings(
        webhook_secrets=tuple(secret.strip() for secret in secrets if secret.strip()),
        reservation=timedelta(
            minutes=_whole_number(environment, "RESERVATION_MINUTES", 30, 1, RESERVATION_MINUTES_MAX)
        ),
        async_reservation=timedelta(
            days=_whole_number(environment, "ASYNC_RESERVATION_DAYS", 7, 1, ASYNC_RESERVATION_DAYS_MAX)
        ),
        expected_livemode=_yes_or_no(environment, "EXPECT_LIVEMODE", None),
        restock_on_refund=_yes_or_no(environment, "RESTOCK_ON_REFUND", default=True),
        webhook_event_ttl=timedelta(
            days=_whole_number(
                environment, "WEBHOOK_EVENT_TTL_DAYS", 7, WEBHOOK_EVENT_TTL_DAYS_MIN, WEBHOOK_EVENT_TTL_DAYS_MAX
            )
        ),
        project=environment.get("GOOGLE_CLOUD_PROJECT") or environment.get("GCLOUD_PROJECT") or None,
    )


def _whole_number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingsError(f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)


def _yes_or_no(environment: Mapping[str, str], name: str, default: _Default) -> bool | _Default:
    text = environment.get(name, "").strip().lower()
    if text in ("true", "false"):
        return text == "true"
    if text:
        raise SettingsError(f"{name} must be true or false, not {text!r}")
    return default
