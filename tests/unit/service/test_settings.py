"""Settings: read once, checked, and frozen."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest

from checkout.request import CheckoutTerms
from notifications.locales import SHIPPED
from notifications.shop import Shop
from service.environment import SettingsError
from service.settings import Settings, settings_from
from tests.support.builders import TERMS
from tools.toolchain import ROOT
from webhooks.ownership import Naming

ORDER_URL = "https://shop.example/orders/{orderId}"
CHECKOUT = {"CHECKOUT_SUCCESS_URL": "https://shop.example/orders/{orderId}?session={CHECKOUT_SESSION_ID}"}


# --- Who is believed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "accounts"),
    [
        ("", ()),
        (" , ", ()),
        ("acct_1", ("acct_1",)),
        (" acct_1 ,acct_2,\n", ("acct_1", "acct_2")),
        ("acct_1,acct_1,org_1/acct_2", ("acct_1", "org_1/acct_2")),
    ],
)
def test_the_accounts_whose_events_count_are_separated_by_commas(text: str, accounts: tuple[str, ...]) -> None:
    assert settings_from({"STRIPE_ACCOUNTS": text}).terms.accounts == frozenset(accounts)


@pytest.mark.parametrize(("text", "shop_id"), [("", None), ("  ", None), (" shop-1\n", "shop-1"), ("a.b/c", "a.b/c")])
def test_a_shop_has_the_id_that_is_set(text: str, shop_id: str | None) -> None:
    assert settings_from({"SHOP_ID": text}).naming == Naming(shop_id=shop_id)


# --- All others ------------------------------------------------------------------------------------------------------


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        settings_from({}).project = "another"  # type: ignore[misc]


A_MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)
WHOLE_NUMBERS: dict[str, tuple[str, Any, int, int, int]] = {
    # attribute, unit, default, minimum, maximum
    "RESERVATION_MINUTES": ("reservation", A_MINUTE, 30, 1, 1_440),
    "ASYNC_RESERVATION_DAYS": ("async_reservation", A_DAY, 7, 1, 30),
    "HOLD_DAYS_MAX": ("hold_max", A_DAY, 30, 1, 90),
    "LATE_PAYMENT_DAYS": ("late_payment", A_DAY, 7, 1, 366),
    # Stripe's retries would outlive a shorter-lived claim.
    "WEBHOOK_EVENT_TTL_DAYS": ("claim_lifetime", A_DAY, 7, 4, 366),
    "NOTICE_TTL_DAYS": ("notice_lifetime", A_DAY, 90, 1, 3_650),
    "OPEN_ORDERS_MAX": ("open_orders_max", 1, 20, 1, 10_000),
    "ORDER_UNITS_MAX": ("order_units_max", 1, 1_000, 1, 1_000_000),
    "FEW_LEFT": ("few_left", 1, 5, 0, 1_000_000),
    "THREADS": ("threads", 1, 64, 1, 1_000),
}
NO_WHOLE_NUMBERS = ("-5", "+5", "1.5", "1e3", "thirty", "30m", "0x10", "1_0", "٣", "²")


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_a_number_is_as_set_within_its_bounds_and_nothing_else_changes(name: str) -> None:
    known_as, unit, default, least, most = WHOLE_NUMBERS[name]
    for text, number in (("", default), ("  ", default), (f" {least} ", least), (str(most), most)):
        known = {known_as: number * unit}
        changed = {"terms": replace(TERMS, **known)} if hasattr(TERMS, known_as) else known
        assert settings_from({name: text}) == replace(settings_from({}), **changed)


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_what_is_no_whole_number_within_its_bounds_is_refused_by_name(name: str) -> None:
    *_, least, most = WHOLE_NUMBERS[name]
    for text in (str(least - 1), str(most + 1), *NO_WHOLE_NUMBERS):
        with pytest.raises(SettingsError) as refused:
            settings_from({name: text})
        assert str(refused.value) == f"{name} must be a whole number from {least} to {most}, not {text!r}"


YES_OR_NO: dict[str, tuple[Callable[[Settings], object], bool | None]] = {
    # attribute, default
    "EXPECT_LIVEMODE": (lambda settings: settings.terms.expected_livemode, None),
    "RESTOCK_ON_REFUND": (lambda settings: settings.terms.restock_on_refund, True),
    "TRUST_CLIENT_REFERENCE_ID": (lambda settings: settings.naming.trusts_client_reference_id, False),
}


@pytest.mark.parametrize("name", YES_OR_NO)
def test_yes_or_no_is_taken_in_any_case_and_all_else_refused_by_name(name: str) -> None:
    known, default = YES_OR_NO[name]
    for text, value in (("true", True), ("False", False), (" TRUE\n", True), ("  ", default), ("", default)):
        assert known(settings_from({name: text})) is value
    for text in ("yes", "1", "0", "live", "truefalse"):
        with pytest.raises(SettingsError) as refused:
            settings_from({name: text})
        assert str(refused.value) == f"{name} must be true or false, not {text!r}"


AN_ADDRESS = "an address that begins with https://"
REFUSED: dict[str, tuple[str, tuple[str, ...]]] = {
    # the requirement, invalid texts
    "STRIPE_ACCOUNTS": (
        "be ids of accounts, separated by commas",
        ('"acct_1"', "acct_1 acct_2", "*", "acct_1;acct_2", "\ufeffacct_1", "(malformed)"),
    ),
    "SHOP_ID": (
        "be made of letters, digits and . _ : / @ -",
        ("'shop-1'", "a b", "shop-1,shop-2", "\u200bshop-1", "x" * 501),
    ),
    "DATABASE_ID": (
        "be (default) or 4 to 63 lower-case letters, digits and hyphens",
        ("Shop", "abc", "1shop", "shop-", "a" + "b" * 63, "shop/../other"),
    ),
    "CANARY_URL": (
        f"be {AN_ADDRESS}",
        ("stripeWebhook", "https://", "https://a b", "https://a/ü", "'https://a'", "ftp://a", "http://a"),
    ),
    "LOGO_URL": (f"be {AN_ADDRESS}", ("http://a", "javascript:a", "a/b")),
    "ORDER_URL": (
        f"be {AN_ADDRESS}",
        ("http://a/{orderId}", "javascript:{orderId}", "https://{orderId}.a/", "a/{orderId}"),
    ),
    "SHOP_NAME": ("be at most 60 printable characters", ("x" * 61, "a\nb", "a\u202eb", "a\0")),
    "CUSTOMER_CHANNELS": ("be a list of mail, push, sms", ("fax",)),
    "OPERATOR_CHANNELS": ("be a list of mail, chat", ("sms",)),
    "AUTO_REFUND": ("be off, extras, all", ("yes",)),
    "LOCALE": (
        f"be one of {', '.join(sorted(SHIPPED))}, perhaps with a country as in en_GB",
        ("fo", "English", "de_", "../de", "d"),
    ),
    "CHECKOUT_SUCCESS_URL": (f"be {AN_ADDRESS}", ("shop.example",)),
    "CHECKOUT_CANCEL_URL": (f"be {AN_ADDRESS}", ("http://shop.example",)),
    "CHECKOUT_UI": ("be hosted or embedded", ("popup",)),
    "CHECKOUT_SHIPPING_RATES": ("be ids of Stripe's shipping rates, separated by commas", ("shr_1;shr_2",)),
    "CHECKOUT_SHIPS_TO": ("be countries of two capital letters, separated by commas", ("de",)),
    "CHECKOUT_AUTOMATIC_TAX": ("be true or false", ("on",)),
    "CHECKOUT_PROMOTION_CODES": ("be true or false", ("1",)),
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, (_, texts) in REFUSED.items() for text in texts])
def test_what_a_setting_cannot_be_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({**CHECKOUT, name: text})
    assert str(refused.value) == f"{name} must {REFUSED[name][0]}, not {text!r}"


@pytest.mark.parametrize("text", ["https://shop.example/orders/", f"{ORDER_URL}/{{orderId}}", "https://a/{orderid}"])
def test_the_address_of_an_order_has_its_id_in_it_once(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"^ORDER_URL must have {orderId} in it once, in the place of an order's id"
    ):
        settings_from({"ORDER_URL": text})


@pytest.mark.parametrize(("name", "text"), [("STRIPE_ACCOUNTS", "acct_9,*,"), ("CUSTOMER_CHANNELS", "mail,*")])
def test_an_invalid_entry_of_a_list_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} must be .*, not '\*'$"):
        settings_from({name: text})


def test_no_session_has_more_than_five_ways_to_ship() -> None:
    with pytest.raises(SettingsError, match=r"^CHECKOUT_SHIPPING_RATES must be at most 5"):
        settings_from({**CHECKOUT, "CHECKOUT_SHIPPING_RATES": "shr_1,shr_2,shr_3,shr_4,shr_5,shr_6"})


@pytest.mark.parametrize(("name", "read"), [("CANARY_URL", "canary_url"), ("ORDER_URL", "shop.order_url")])
def test_addresses_in_the_emulators_need_no_encryption(name: str, read: str) -> None:
    for address in "http://127.0.0.1:5001/{orderId}", "https://a/{orderId}":
        assert attrgetter(read)(settings_from({name: address, "FUNCTIONS_EMULATOR": "true"})) == address


def test_the_project_is_the_one_that_the_environment_names() -> None:
    assert settings_from({"GOOGLE_CLOUD_PROJECT": "shop", "GCLOUD_PROJECT": "other"}).project == "shop"
    assert settings_from({"GCLOUD_PROJECT": "shop"}).project == "shop"
    assert settings_from({"GOOGLE_CLOUD_PROJECT": ""}).project is None


@pytest.mark.parametrize("database", ["(default)", "shop", "a-database-2", "a" + "b" * 62])
def test_the_database_is_the_one_that_is_set(database: str) -> None:
    assert settings_from({"DATABASE_ID": f" {database}\n"}).database == database
    assert settings_from({"DATABASE_ID": ""}).database == settings_from({}).database == "(default)"


@pytest.mark.parametrize("text", ["https://us-central1-p.cloudfunctions.net/stripeWebhook", " https://a.b:8443\n", ""])
def test_the_canary_delivers_where_it_is_told_to(text: str) -> None:
    assert settings_from({"CANARY_URL": text}).canary_url == (text.strip() or None)


# --- The shop, as its messages show it --------------------------------------------------------------------------------


def test_a_shop_has_no_name_no_logo_no_page_and_english_messages_unless_it_is_set() -> None:
    assert settings_from({}).shop == Shop(name="", order_url=None, logo_url=None, locale="en")


def test_a_shop_is_shown_as_it_is_set() -> None:
    said = {"SHOP_NAME": " Käthe & Söhne\n", "ORDER_URL": ORDER_URL, "LOGO_URL": "https://a/b.png", "LOCALE": "de_AT"}
    assert settings_from(said).shop == Shop("Käthe & Söhne", ORDER_URL, "https://a/b.png", "de_AT")


def test_a_shops_name_may_have_sixty_characters() -> None:
    assert settings_from({"SHOP_NAME": "x" * 60}).shop.name == "x" * 60


@pytest.mark.parametrize("text", ["en", "de", "de_AT", "de-CH", "EN_gb"])
def test_messages_are_in_a_locale_that_there_are_words_for(text: str) -> None:
    assert settings_from({"LOCALE": text}).shop.locale == text


def test_the_settings_file_says_the_defaults() -> None:
    lines = (ROOT / ".env").read_text().splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert settings_from(said) == settings_from({})


# --- Sessions that the service opens itself ---------------------------------------------------------------------------


def test_no_session_is_opened_until_it_is_known_where_it_leads() -> None:
    assert settings_from({"CHECKOUT_AUTOMATIC_TAX": "true"}).checkout is None


def test_a_session_leads_to_the_shop_and_adds_nothing_unless_that_is_set() -> None:
    assert settings_from(CHECKOUT).checkout == CheckoutTerms(CHECKOUT["CHECKOUT_SUCCESS_URL"])


def test_all_that_a_session_may_be_is_set() -> None:
    added = {
        "CHECKOUT_CANCEL_URL": "https://shop.example/cart",
        "CHECKOUT_UI": "embedded",
        "CHECKOUT_SHIPPING_RATES": "shr_1, shr_2,shr_3,shr_4,shr_5,shr_1",
        "CHECKOUT_SHIPS_TO": "DE,FR",
        "CHECKOUT_AUTOMATIC_TAX": "true",
        "CHECKOUT_PROMOTION_CODES": "true",
    }
    assert settings_from({**CHECKOUT, **added}).checkout == CheckoutTerms(
        CHECKOUT["CHECKOUT_SUCCESS_URL"],
        "https://shop.example/cart",
        is_embedded=True,
        shipping_rates=("shr_1", "shr_2", "shr_3", "shr_4", "shr_5"),
        ships_to=("DE", "FR"),
        automatic_tax=True,
        promotion_codes=True,
    )


@pytest.mark.parametrize(
    ("environment", "is_emulated"),
    [
        ({"FIREBASE_AUTH_EMULATOR_HOST": "here", "FUNCTIONS_EMULATOR": "true"}, True),
        ({"FIREBASE_AUTH_EMULATOR_HOST": "here", "FIRESTORE_EMULATOR_HOST": "here"}, True),
        ({"FIREBASE_AUTH_EMULATOR_HOST": "here"}, False),
        ({"FUNCTIONS_EMULATOR": "true"}, False),
        ({"FIREBASE_AUTH_EMULATOR_HOST": "", "FUNCTIONS_EMULATOR": "true"}, False),
    ],
)
def test_tokens_without_a_signature_count_in_the_emulators_alone(
    environment: dict[str, str],
    is_emulated: bool,  # noqa: FBT001
) -> None:
    assert settings_from(environment).is_auth_emulated is is_emulated
