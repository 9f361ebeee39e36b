"""The settings, read from the environment once, checked, and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

RESERVATION_MINUTES_MAX: Final = 24 * 60
# A payment may be retried for three days; a claim that is gone sooner makes every late retry look new at first.
WEBHOOK_EVENT_TTL_DAYS_MIN: Final = 4
WEBHOOK_EVENT_TTL_DAYS_MAX: Final = 366


class SettingsError(ValueError):
    """A setting cannot be used. The message names it, and repeats its value only where that is no secret."""


@dataclass(frozen=True, slots=True)
class Settings:
    webhook_secrets: tuple[str, ...] = field(repr=False)
    """Stripe's signing secrets; empty where none is bound, as for functions that verify nothing."""
    reservation: timedelta
    """How long units stay held for an unpaid order."""
    webhook_event_ttl: timedelta
    """How long a settled event's claim is kept."""
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
