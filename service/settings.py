"""All settings in one table with defaults and bounds, read from the environment once, checked and frozen."""

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from typing import Final

from checkout.request import CheckoutTerms
from checkout.settings import checkout_terms
from database.ids import DEFAULT_DATABASE
from effects.effect import EffectKind
from notifications.languages import LAST_RESORT, is_shipped
from notifications.locales import SHIPPED
from notifications.notices import NoticeType
from notifications.shop import ORDER_ID, Shop
from orders.frozen import frozen
from orders.order import QUANTITY_MAX
from service.environment import (
    SettingsError,
    WholeNumber,
    address,
    entries,
    is_auth_emulated,
    is_emulated,
    whole_number,
    word,
    words,
    yes_or_no,
)
from service.secrets import EXPECT_LIVEMODE, signing_secrets, stripe_api_url, stripe_key
from settlement.terms import AutoRefund, Terms
from stripe_api.keys import StripeKey
from webhooks.ownership import Naming, is_account
from webhooks.signing_secrets import SigningSecret

RESERVATION_MINUTES: Final = WholeNumber("RESERVATION_MINUTES", 30, 1, 24 * 60)
ASYNC_RESERVATION_DAYS: Final = WholeNumber("ASYNC_RESERVATION_DAYS", 7, 1, 30)
HOLD_DAYS_MAX: Final = WholeNumber("HOLD_DAYS_MAX", 30, 1, 90)
LATE_PAYMENT_DAYS: Final = WholeNumber("LATE_PAYMENT_DAYS", 7, 1, 366)
# Stripe retries an event for up to three days (https://docs.stripe.com/webhooks#automatic-retries): if its claim
# expired sooner, every late delivery would look new at first.
WEBHOOK_EVENT_TTL_DAYS: Final = WholeNumber("WEBHOOK_EVENT_TTL_DAYS", 7, 4, 366)
# functions-framework reads it, too, and starts as many threads; Cloud Run lets at most 1,000 requests into an instance.
THREADS: Final = WholeNumber("THREADS", 64, 1, 1_000)
# Long enough to look back on an order; not for ever, because a notice shows who bought something.
NOTICE_TTL_DAYS: Final = WholeNumber("NOTICE_TTL_DAYS", 90, 1, 3_650)
# More than any customer needs, and few enough that nobody empties the shelves without paying.
OPEN_ORDERS_MAX: Final = WholeNumber("OPEN_ORDERS_MAX", 20, 1, 10_000)
ORDER_UNITS_MAX: Final = WholeNumber("ORDER_UNITS_MAX", 1_000, 1, QUANTITY_MAX)
# Few enough that a hesitating customer may come too late.
FEW_LEFT: Final = WholeNumber("FEW_LEFT", 5, 0, QUANTITY_MAX)
CUSTOMER_CHANNELS: Final = ("CUSTOMER_CHANNELS", (EffectKind.MAIL, EffectKind.PUSH, EffectKind.SMS))
OPERATOR_CHANNELS: Final = ("OPERATOR_CHANNELS", (EffectKind.MAIL, EffectKind.CHAT))
# The page on which the customer waits already shows that the order can be paid.
UNSENT_NOTICES: Final = "UNSENT_NOTICES"
UNSENT_BY_DEFAULT: Final = "reserved"
AUTO_REFUND: Final = "AUTO_REFUND"
RESTOCK_ON_REFUND: Final = ("RESTOCK_ON_REFUND", True)
TRUST_CLIENT_REFERENCE_ID: Final = ("TRUST_CLIENT_REFERENCE_ID", False)
STRIPE_ACCOUNTS: Final = "STRIPE_ACCOUNTS"
SHOP_ID: Final = "SHOP_ID"
DATABASE_ID: Final = "DATABASE_ID"
CANARY_URL: Final = "CANARY_URL"
SHOP_NAME: Final = "SHOP_NAME"
ORDER_URL: Final = "ORDER_URL"
LOGO_URL: Final = "LOGO_URL"
LOCALE: Final = "LOCALE"

_SHOP: Final = re.compile(r"[A-Za-z0-9._:/@-]{1,500}")
# https://cloud.google.com/firestore/docs/manage-databases#database_id
_DATABASE: Final = re.compile(r"\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9]")
# The sender of a mail and the text of an SMS begin with it.
_SHOP_NAME_CHARACTERS_MAX: Final = 60


@frozen
class Settings:
    webhook_secrets: tuple[SigningSecret, ...] = field(repr=False)
    """Stripe's signing secrets; empty if none is bound, as for functions that verify nothing."""
    stripe_key: StripeKey | None
    """The key for Stripe's API; None if none is bound, as for functions that do not call Stripe."""
    stripe_api_url: str | None
    """The stand-in for Stripe in the emulators; None for Stripe itself."""
    naming: Naming
    terms: Terms
    few_left: int
    """The largest number of units that customers see as few."""
    project: str | None
    """The Google Cloud project; None if the environment does not name one."""
    database: str
    """The id of the shop's database in the project."""
    threads: int
    """How many requests one instance serves at a time."""
    canary_url: str | None
    """Where the canary delivers; None if it is off."""
    shop: Shop
    """The shop as its messages show it."""
    checkout: CheckoutTerms | None
    """How customers pay in sessions that the service opens; None if it opens none."""
    is_auth_emulated: bool
    """Whether ID tokens come from the Auth emulator, which does not sign them."""
    is_emulated: bool
    """Whether this is a shop in the emulators, where nobody really pays."""


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Raises SettingsError."""
    return Settings(
        webhook_secrets=signing_secrets(environment),
        stripe_key=stripe_key(environment),
        stripe_api_url=stripe_api_url(environment),
        naming=Naming(yes_or_no(environment, *TRUST_CLIENT_REFERENCE_ID), _shop_id(environment)),
        terms=Terms(
            reservation=timedelta(minutes=whole_number(environment, RESERVATION_MINUTES)),
            async_reservation=timedelta(days=whole_number(environment, ASYNC_RESERVATION_DAYS)),
            restock_on_refund=yes_or_no(environment, *RESTOCK_ON_REFUND),
            expected_livemode=yes_or_no(environment, *EXPECT_LIVEMODE),
            hold_max=timedelta(days=whole_number(environment, HOLD_DAYS_MAX)),
            late_payment=timedelta(days=whole_number(environment, LATE_PAYMENT_DAYS)),
            accounts=frozenset(entries(environment, STRIPE_ACCOUNTS, is_account, "ids of accounts")),
            claim_lifetime=timedelta(days=whole_number(environment, WEBHOOK_EVENT_TTL_DAYS)),
            open_orders_max=whole_number(environment, OPEN_ORDERS_MAX),
            order_units_max=whole_number(environment, ORDER_UNITS_MAX),
            notice_lifetime=timedelta(days=whole_number(environment, NOTICE_TTL_DAYS)),
            customer_channels=words(environment, *CUSTOMER_CHANNELS),
            operator_channels=words(environment, *OPERATOR_CHANNELS),
            unsent=words(environment, UNSENT_NOTICES, tuple(NoticeType), UNSENT_BY_DEFAULT),
            auto_refund=word(environment, AUTO_REFUND, AutoRefund, AutoRefund.OFF),
        ),
        few_left=whole_number(environment, FEW_LEFT),
        project=environment.get("GOOGLE_CLOUD_PROJECT") or environment.get("GCLOUD_PROJECT") or None,
        database=_database(environment),
        threads=whole_number(environment, THREADS),
        canary_url=address(environment, CANARY_URL),
        shop=Shop(
            name=_shop_name(environment),
            order_url=_order_url(environment),
            logo_url=address(environment, LOGO_URL),
            locale=_locale(environment),
        ),
        checkout=checkout_terms(environment),
        is_auth_emulated=is_auth_emulated(environment),
        is_emulated=is_emulated(environment),
    )


def _shop_id(environment: Mapping[str, str]) -> str | None:
    text = environment.get(SHOP_ID, "").strip()
    if text and not _SHOP.fullmatch(text):
        raise SettingsError(f"{SHOP_ID} must be made of letters, digits and . _ : / @ -, not {text!r}")
    return text or None


def _database(environment: Mapping[str, str]) -> str:
    text = environment.get(DATABASE_ID, "").strip() or DEFAULT_DATABASE
    if not _DATABASE.fullmatch(text):
        raise SettingsError(
            f"{DATABASE_ID} must be {DEFAULT_DATABASE} or 4 to 63 lower-case letters, digits and hyphens, not {text!r}"
        )
    return text


def _order_url(environment: Mapping[str, str]) -> str | None:
    text = address(environment, ORDER_URL)
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
