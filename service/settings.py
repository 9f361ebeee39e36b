"""The settings: one table of their names, defaults and bounds, read from the environment once, checked, and frozen."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar

from database.ids import DEFAULT_DATABASE
from effects.effect import EffectKind
from notifications.languages import LAST_RESORT, is_shipped
from notifications.locales import SHIPPED
from notifications.notices import NoticeType
from notifications.shop import ORDER_ID, Shop
from orders.order import QUANTITY_MAX
from settlement.decisions import AutoRefund, Terms
from stripe_api.keys import InvalidKey, StripeKey, stripe_key_from
from webhooks.ownership import Naming, is_account
from webhooks.signing_secrets import InvalidSecret, SigningSecret, signing_secret_from


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A setting that is a whole number, both bounds included."""

    name: str
    default: int
    least: int
    most: int


RESERVATION_MINUTES: Final = WholeNumber("RESERVATION_MINUTES", 30, 1, 24 * 60)
ASYNC_RESERVATION_DAYS: Final = WholeNumber("ASYNC_RESERVATION_DAYS", 7, 1, 30)
HOLD_DAYS_MAX: Final = WholeNumber("HOLD_DAYS_MAX", 30, 1, 90)
LATE_PAYMENT_DAYS: Final = WholeNumber("LATE_PAYMENT_DAYS", 7, 1, 366)
# Stripe delivers an event again for up to three days (https://docs.stripe.com/webhooks#automatic-retries): a claim that
# is gone sooner makes every late delivery look new at first.
WEBHOOK_EVENT_TTL_DAYS: Final = WholeNumber("WEBHOOK_EVENT_TTL_DAYS", 7, 4, 366)
# functions-framework reads it, too, and makes as many threads; Cloud Run lets at most 1,000 requests into an instance.
THREADS: Final = WholeNumber("THREADS", 16, 1, 1_000)
# Long enough to look back on an order; not for ever, because a notice says who has bought.
NOTICE_TTL_DAYS: Final = WholeNumber("NOTICE_TTL_DAYS", 90, 1, 3_650)
# More than a customer has any use for, and few enough that nobody empties the shelves without paying.
OPEN_ORDERS_MAX: Final = WholeNumber("OPEN_ORDERS_MAX", 20, 1, 10_000)
ORDER_UNITS_MAX: Final = WholeNumber("ORDER_UNITS_MAX", 1_000, 1, QUANTITY_MAX)
# Few enough that a customer who hesitates may come too late.
FEW_LEFT: Final = WholeNumber("FEW_LEFT", 5, 0, QUANTITY_MAX)
CUSTOMER_CHANNELS: Final = ("CUSTOMER_CHANNELS", (EffectKind.MAIL, EffectKind.PUSH, EffectKind.SMS))
OPERATOR_CHANNELS: Final = ("OPERATOR_CHANNELS", (EffectKind.MAIL, EffectKind.CHAT))
# That an order can be paid is shown by the page on which the customer waits for it.
UNSENT_NOTICES: Final = "UNSENT_NOTICES"
UNSENT_BY_DEFAULT: Final = "reserved"
AUTO_REFUND: Final = "AUTO_REFUND"
RESTOCK_ON_REFUND: Final = ("RESTOCK_ON_REFUND", True)
EXPECT_LIVEMODE: Final = ("EXPECT_LIVEMODE", None)
TRUST_CLIENT_REFERENCE_ID: Final = ("TRUST_CLIENT_REFERENCE_ID", False)
STRIPE_ACCOUNTS: Final = "STRIPE_ACCOUNTS"
SHOP_ID: Final = "SHOP_ID"
DATABASE_ID: Final = "DATABASE_ID"
CANARY_URL: Final = "CANARY_URL"
SHOP_NAME: Final = "SHOP_NAME"
ORDER_URL: Final = "ORDER_URL"
LOGO_URL: Final = "LOGO_URL"
LOCALE: Final = "LOCALE"
STRIPE_WEBHOOK_SECRET: Final = "STRIPE_WEBHOOK_SECRET"  # noqa: S105 - the setting's name, not its value
STRIPE_API_KEY: Final = "STRIPE_API_KEY"
# Set by the emulators alone, and so in no settings file.
STRIPE_API_URL: Final = "STRIPE_API_URL"

_NOT_CONFIGURED: Final = frozenset({"", "unset"})
"""Entries of a secret that are none: Secret Manager keeps no empty text, so a first deployment binds a word."""
_EMULATORS: Final = ("FUNCTIONS_EMULATOR", "FIRESTORE_EMULATOR_HOST")
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.:-]+")
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.:-]+(/[!-~]*)?")
_SHOP: Final = re.compile(r"[A-Za-z0-9._:/@-]{1,500}")
# https://cloud.google.com/firestore/docs/manage-databases#database_id
_DATABASE: Final = re.compile(r"\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9]")
# A mail's sender and an SMS begin with it.
_SHOP_NAME_CHARACTERS_MAX: Final = 60
_ORDINALS: Final[Mapping[int, str]] = {1: "1st", 2: "2nd", 3: "3rd"}

_Default = TypeVar("_Default", bool, None)
_Word = TypeVar("_Word", EffectKind, NoticeType)


class SettingsError(ValueError):
    """A setting cannot be used. The message names it, and repeats its value only where that is no secret."""


@dataclass(frozen=True, slots=True)
class Settings:
    webhook_secrets: tuple[SigningSecret, ...] = field(repr=False)
    """Stripe's signing secrets; empty where none is bound, as for functions that verify nothing."""
    stripe_key: StripeKey | None
    """With what Stripe is asked; None where nothing is, as for functions that ask nothing."""
    stripe_api_url: str | None
    """What stands in for Stripe in the emulators; None where Stripe itself is asked."""
    naming: Naming
    terms: Terms
    few_left: int
    """The largest number of units that customers see as few."""
    project: str | None
    """The Google Cloud project; None where the environment does not name one."""
    database: str
    """Which of the project's databases is the shop's."""
    threads: int
    """How many requests one instance serves at a time."""
    canary_url: str | None
    """Where the canary delivers; None if it is off."""
    shop: Shop
    """The shop, as its messages show it."""
    is_emulated: bool
    """Whether this is no shop that anybody pays in, but one in the emulators."""


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Raises SettingsError."""
    return Settings(
        webhook_secrets=_signing_secrets(environment),
        stripe_key=_stripe_key(environment),
        stripe_api_url=_stripe_api_url(environment),
        naming=Naming(_yes_or_no(environment, *TRUST_CLIENT_REFERENCE_ID), _shop_id(environment)),
        terms=Terms(
            reservation=timedelta(minutes=_whole_number(environment, RESERVATION_MINUTES)),
            async_reservation=timedelta(days=_whole_number(environment, ASYNC_RESERVATION_DAYS)),
            restock_on_refund=_yes_or_no(environment, *RESTOCK_ON_REFUND),
            expected_livemode=_yes_or_no(environment, *EXPECT_LIVEMODE),
            hold_max=timedelta(days=_whole_number(environment, HOLD_DAYS_MAX)),
            late_payment=timedelta(days=_whole_number(environment, LATE_PAYMENT_DAYS)),
            accounts=_accounts(environment),
            claim_lifetime=timedelta(days=_whole_number(environment, WEBHOOK_EVENT_TTL_DAYS)),
            open_orders_max=_whole_number(environment, OPEN_ORDERS_MAX),
            order_units_max=_whole_number(environment, ORDER_UNITS_MAX),
            notice_lifetime=timedelta(days=_whole_number(environment, NOTICE_TTL_DAYS)),
            customer_channels=_words(environment, *CUSTOMER_CHANNELS),
            operator_channels=_words(environment, *OPERATOR_CHANNELS),
            unsent=_words(environment, UNSENT_NOTICES, tuple(NoticeType), UNSENT_BY_DEFAULT),
            auto_refund=_auto_refund(environment),
        ),
        few_left=_whole_number(environment, FEW_LEFT),
        project=environment.get("GOOGLE_CLOUD_PROJECT") or environment.get("GCLOUD_PROJECT") or None,
        database=_database(environment),
        threads=_whole_number(environment, THREADS),
        canary_url=_address(environment, CANARY_URL),
        shop=Shop(
            name=_shop_name(environment),
            order_url=_order_url(environment),
            logo_url=_address(environment, LOGO_URL),
            locale=_locale(environment),
        ),
        is_emulated=_is_emulated(environment),
    )


def _is_emulated(environment: Mapping[str, str]) -> bool:
    return any(environment.get(name) for name in _EMULATORS)


def _signing_secrets(environment: Mapping[str, str]) -> tuple[SigningSecret, ...]:
    secrets: dict[str, SigningSecret] = {}
    for number, text in enumerate(environment.get(STRIPE_WEBHOOK_SECRET, "").split(","), 1):
        # Only what an editor or a shell leaves around a text is stripped: any other invisible character is a defect.
        entry = text.strip(" \t\r\n")
        if entry in _NOT_CONFIGURED:
            continue
        try:
            secret = signing_secret_from(entry, is_emulated=_is_emulated(environment))
        except InvalidSecret as invalid:
            raise _unusable_secret(number, str(invalid)) from None
        if secrets.setdefault(secret.text, secret) != secret:
            raise _unusable_secret(number, "repeats another one, for another mode")
    return tuple(secrets.values())


def _unusable_secret(number: int, defect: str) -> SettingsError:
    return SettingsError(f"{STRIPE_WEBHOOK_SECRET}: the {_ORDINALS.get(number, f'{number}th')} secret {defect}")


def _stripe_key(environment: Mapping[str, str]) -> StripeKey | None:
    text = environment.get(STRIPE_API_KEY, "").strip(" \t\r\n")
    if text in _NOT_CONFIGURED:
        return None
    try:
        key = stripe_key_from(text)
    except InvalidKey as invalid:
        raise SettingsError(f"{STRIPE_API_KEY} {invalid}") from None
    if key.livemode and _is_emulated(environment):
        raise SettingsError(f"{STRIPE_API_KEY} is a key of live mode, with which the emulators must do nothing")
    expected = _yes_or_no(environment, *EXPECT_LIVEMODE)
    if expected not in (None, key.livemode):
        mode = "live" if key.livemode else "test"
        raise SettingsError(f"{STRIPE_API_KEY} is a key of {mode} mode, and {EXPECT_LIVEMODE[0]} is not")
    return key


def _stripe_api_url(environment: Mapping[str, str]) -> str | None:
    text = environment.get(STRIPE_API_URL, "").strip()
    if text and not _is_emulated(environment):
        raise SettingsError(f"{STRIPE_API_URL} is for the emulators: nobody else than Stripe may be given the key")
    if text and not _ORIGIN.fullmatch(text):
        raise SettingsError(f"{STRIPE_API_URL} must be an address without a path, not {text!r}")
    return text or None


def _accounts(environment: Mapping[str, str]) -> frozenset[str]:
    accounts = {account.strip() for account in environment.get(STRIPE_ACCOUNTS, "").split(",")} - {""}
    if strange := sorted(account for account in accounts if not is_account(account)):
        raise SettingsError(f"{STRIPE_ACCOUNTS} must be ids of accounts, separated by commas, not {strange[0]!r}")
    return frozenset(accounts)


def _shop_id(environment: Mapping[str, str]) -> str | None:
    text = environment.get(SHOP_ID, "").strip()
    if text and not _SHOP.fullmatch(text):
        raise SettingsError(f"{SHOP_ID} must be made of letters, digits and . _ : / @ -, not {text!r}")
    return text or None


def _database(environment: Mapping[str, str]) -> str:
    text = environment.get(DATABASE_ID, "").strip() or DEFAULT_DATABASE
    if not _DATABASE.fullmatch(text):
        raise SettingsError(
            f"{DATABASE_ID} must be {DEFAULT_DATABASE} or 4 to 63 small letters, digits and hyphens, not {text!r}"
        )
    return text


def _address(environment: Mapping[str, str], name: str) -> str | None:
    text = environment.get(name, "").strip()
    # Nobody has a certificate for the emulators.
    schemes = ("https://", "http://") if _is_emulated(environment) else ("https://",)
    if text and not (text.startswith(schemes) and _ADDRESS.fullmatch(text)):
        raise SettingsError(f"{name} must be an address that begins with https://, not {text!r}")
    return text or None


def _auto_refund(environment: Mapping[str, str]) -> AutoRefund:
    text = environment.get(AUTO_REFUND, "").strip() or AutoRefund.OFF
    if text not in set(AutoRefund):
        raise SettingsError(f"{AUTO_REFUND} must be {', '.join(AutoRefund)}, not {text!r}")
    return AutoRefund(text)


def _words(
    environment: Mapping[str, str], name: str, possible: tuple[_Word, ...], default: str = ""
) -> frozenset[_Word]:
    """The words of a list with commas; the default where the setting is missing, none where it is empty."""
    named = {word.strip() for word in environment.get(name, default).split(",")} - {""}
    by_text = {str(word): word for word in possible}
    if unknown := sorted(named - by_text.keys()):
        raise SettingsError(f"{name} must be a list of {', '.join(by_text)}, not {unknown[0]!r}")
    return frozenset(by_text[word] for word in named)


def _order_url(environment: Mapping[str, str]) -> str | None:
    text = _address(environment, ORDER_URL)
    if text and text.count(ORDER_ID) != 1:
        raise SettingsError(f"{ORDER_URL} must have {ORDER_ID} in it once, in the place of an order's id, not {text!r}")
    return text


def _shop_name(environment: Mapping[str, str]) -> str:
    text = environment.get(SHOP_NAME, "").strip()
    if len(text) > _SHOP_NAME_CHARACTERS_MAX or not text.isprintable():
        raise SettingsError(
            f"{SHOP_NAME} must be at most {_SHOP_NAME_CHARACTERS_MAX} printable characters, not {text!r}"
        )
    return text


def _locale(environment: Mapping[str, str]) -> str:
    text = environment.get(LOCALE, "").strip() or LAST_RESORT
    if not is_shipped(text):
        languages = ", ".join(sorted(SHIPPED))
        raise SettingsError(f"{LOCALE} must be one of {languages}, perhaps with a country as in en_GB, not {text!r}")
    return text


def _whole_number(environment: Mapping[str, str], setting: WholeNumber) -> int:
    text = environment.get(setting.name, "").strip()
    if not text:
        return setting.default
    if not (text.isascii() and text.isdigit() and setting.least <= int(text) <= setting.most):
        bounds = f"from {setting.least} to {setting.most}"
        raise SettingsError(f"{setting.name} must be a whole number {bounds}, not {text!r}")
    return int(text)


def _yes_or_no(environment: Mapping[str, str], name: str, default: _Default) -> bool | _Default:
    text = environment.get(name, "").strip().lower()
    if text in ("true", "false"):
        return text == "true"
    if text:
        raise SettingsError(f"{name} must be true or false, not {text!r}")
    return default
