"""Settings: read once, checked, and frozen."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta
from typing import Any

import pytest

from checkout.request import CheckoutTerms
from notifications.locales import SHIPPED
from notifications.shop import Shop
from service.environment import SettingsError
from service.settings import Settings, settings_from
from stripe_api.keys import StripeKey
from tests.support.builders import TERMS
from tools.emulators import WEBHOOK_SECRET
from tools.toolchain import ROOT
from webhooks.ownership import Naming

ONE, TWO = f"whsec_{'1' * 24}", f"whsec_{'2' * 24}"
ORDER_URL = "https://shop.example/orders/{orderId}"
CHECKOUT = {"CHECKOUT_SUCCESS_URL": "https://shop.example/orders/{orderId}?session={CHECKOUT_SESSION_ID}"}


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        (ONE, ((ONE, None),)),
        (f"{ONE},{TWO}", ((ONE, None), (TWO, None))),
        (f" {ONE} ,\r\n {TWO} \n", ((ONE, None), (TWO, None))),
        (f"live:{ONE},test:{TWO}", ((ONE, True), (TWO, False))),
        (f"{ONE},,", ((ONE, None),)),
        (f"{ONE},{ONE}", ((ONE, None),)),
        (f"unset,{ONE}, unset ", ((ONE, None),)),
        (f"whsec_{'f' * 64}", ((f"whsec_{'f' * 64}", None),)),
        ("whsec_a_b-c+d/e=f01234567890AZ", (("whsec_a_b-c+d/e=f01234567890AZ", None),)),
        ("unset", ()),
        ("", ()),
        (" , ,\n", ()),
    ],
)
def test_secrets_are_separated_by_commas_and_what_is_empty_or_unset_is_none(
    text: str, secrets: tuple[tuple[str, bool | None], ...]
) -> None:
    known = settings_from({"STRIPE_WEBHOOK_SECRET": text}).webhook_secrets
    assert tuple((secret.text, secret.livemode) for secret in known) == secrets


QUOTED, SPACED = "has quotes around it or in it", "has a space or a line break in it"
INVISIBLE = "has an invisible character in it, such as a byte order mark"
STRANGE = "has a character in it that is in none of Stripe's secrets"
NO_SECRET = "must begin with whsec_, or with live:whsec_ or test:whsec_ in small letters"
SHORT = "is too short: at least 24 characters follow whsec_"
KNOWN_TO_ALL = "is the emulators' secret, which everybody knows"


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        *((text, QUOTED) for text in (f'"{ONE}"', f"'{ONE}'", f"“{ONE}”", f"`{ONE}`", f"{ONE}'", f'live:"{ONE}"')),
        *((text, SPACED) for text in (f"{ONE} {TWO}", f"{ONE}\n{TWO}", f"live: {ONE}", f"\xa0{ONE}", f"{ONE}\u2028")),
        *(
            (text, INVISIBLE)
            for text in (f"\ufeff{ONE}", f"{ONE}\u200b", f"whsec_\u2060{'1' * 24}", f"{ONE}\0", "\xad")
        ),
        *((text, STRANGE) for text in (f"{ONE}é", f"{ONE};", f"{ONE}\uff11", f"{ONE}\u3164", f"{ONE}$", f"{ONE}:")),
        *((text, NO_SECRET) for text in ("x", f"X{ONE}", "sk_live_" + "1" * 24, "UNSET", f"LIVE:{ONE}", f"prod:{ONE}")),
        *((text, NO_SECRET) for text in ("live:", "live:unset", f"test:live:{ONE}", f"WHSEC_{'1' * 24}", f":{ONE}")),
        *((text, SHORT) for text in ("whsec_", "whsec_" + "1" * 23, "test:whsec_x", "whsec_test_secre")),
        *((text, KNOWN_TO_ALL) for text in ("whsec_test_secret", "live:whsec_test_secret")),
    ],
    ids=ascii,
)
def test_a_text_that_cannot_be_a_secret_is_refused_by_its_defect_and_never_repeated(text: str, defect: str) -> None:
    for others, ordinal in {"": "1st", f"{TWO},": "2nd", f",unset,{TWO},": "4th"}.items():
        with pytest.raises(SettingsError) as refused:
            settings_from({"STRIPE_WEBHOOK_SECRET": f"{others}{text},"})
        assert str(refused.value) == f"STRIPE_WEBHOOK_SECRET: the {ordinal} secret {defect}"
        assert refused.value.__suppress_context__


@pytest.mark.parametrize("prefixes", [("live:", "test:"), ("", "test:"), ("live:", "")])
def test_one_secret_for_two_modes_is_refused(prefixes: tuple[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^STRIPE_WEBHOOK_SECRET: the 2nd secret repeats another one, for another"):
        settings_from({"STRIPE_WEBHOOK_SECRET": ",".join(f"{prefix}{ONE}" for prefix in prefixes)})


@pytest.mark.parametrize("name", ["FUNCTIONS_EMULATOR", "FIRESTORE_EMULATOR_HOST"])
def test_the_emulators_secret_is_good_enough_for_the_emulators(name: str) -> None:
    (secret,) = settings_from({"STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET, name: "here"}).webhook_secrets
    assert secret.text == WEBHOOK_SECRET
    with pytest.raises(SettingsError):
        settings_from({"STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET, name: ""})
    with pytest.raises(SettingsError):
        settings_from({"STRIPE_WEBHOOK_SECRET": "x", name: "here"})


def test_secrets_are_not_shown() -> None:
    settings = settings_from({"STRIPE_WEBHOOK_SECRET": f"{ONE},live:{TWO}"})
    assert "whsec" not in repr(settings)
    assert "whsec" not in f"{settings}"


# --- How Stripe is asked ---------------------------------------------------------------------------------------------

LIVE_KEY, TEST_KEY = f"rk_live_{'1' * 24}", f"rk_test_{'1' * 24}"
EMULATED = {"FUNCTIONS_EMULATOR": "true"}


@pytest.mark.parametrize("text", [LIVE_KEY, f" {TEST_KEY}\r\n", f"{TEST_KEY}X"])
def test_stripe_is_asked_with_the_key_that_is_set(text: str) -> None:
    assert settings_from({"STRIPE_API_KEY": text}).stripe_key == StripeKey(text.strip(), livemode="live" in text)


@pytest.mark.parametrize("text", ["", "unset", " unset\r\n"])
def test_without_a_key_stripe_is_asked_nothing(text: str) -> None:
    assert settings_from({"STRIPE_API_KEY": text}).stripe_key is None


@pytest.mark.parametrize(("text", "mode", "expected"), [(LIVE_KEY, "live", "false"), (TEST_KEY, "test", "true")])
def test_a_key_of_the_mode_that_is_not_expected_is_refused(text: str, mode: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=f"^STRIPE_API_KEY is a key of {mode} mode, and EXPECT_LIVEMODE is not$"):
        settings_from({"STRIPE_API_KEY": text, "EXPECT_LIVEMODE": expected})
    other = "true" if expected == "false" else "false"
    assert settings_from({"STRIPE_API_KEY": text, "EXPECT_LIVEMODE": other}).stripe_key


def test_a_key_that_moves_real_money_is_refused_in_the_emulators() -> None:
    with pytest.raises(SettingsError, match=r"^STRIPE_API_KEY is a key of live mode, with which the emulators must do"):
        settings_from({**EMULATED, "STRIPE_API_KEY": LIVE_KEY})


@pytest.mark.parametrize("text", [f"'{LIVE_KEY}'", f"{LIVE_KEY}\xa0"])
def test_a_text_that_can_be_no_key_is_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^STRIPE_API_KEY must be rk_test_") as refused:
        settings_from({"STRIPE_API_KEY": text})
    assert refused.value.__suppress_context__
    assert "1111" not in f"{refused.value}{settings_from({'STRIPE_API_KEY': LIVE_KEY})!r}"


def test_nobody_stands_in_for_stripe_but_in_the_emulators() -> None:
    assert settings_from({"STRIPE_API_URL": " "}).stripe_api_url is None
    address = {"STRIPE_API_URL": "http://127.0.0.1:12111"}
    assert settings_from({**EMULATED, **address}).stripe_api_url == "http://127.0.0.1:12111"
    with pytest.raises(
        SettingsError, match=r"^STRIPE_API_URL is for the emulators: nobody else than Stripe may be given"
    ):
        settings_from(address)
    for text in ("127.0.0.1:12111", "http://127.0.0.1:12111/", "ftp://a", "http://a b", "http://a@b"):
        with pytest.raises(SettingsError, match=r"^STRIPE_API_URL must be an address without a path, not "):
            settings_from({**EMULATED, "STRIPE_API_URL": text})


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
    # under which name it is known, in what; what it is unless it is set, at least and at most
    "RESERVATION_MINUTES": ("reservation", A_MINUTE, 30, 1, 1_440),
    "ASYNC_RESERVATION_DAYS": ("async_reservation", A_DAY, 7, 1, 30),
    "HOLD_DAYS_MAX": ("hold_max", A_DAY, 30, 1, 90),
    "LATE_PAYMENT_DAYS": ("late_payment", A_DAY, 7, 1, 366),
    # Stripe's retries would outlive a claim that is kept for less.
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
    # how it is known, and what it is unless it is set
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
    # what a setting must be, and texts that are not
    "STRIPE_ACCOUNTS": (
        "be ids of accounts, separated by commas",
        ('"acct_1"', "acct_1 acct_2", "*", "acct_1;acct_2", "\ufeffacct_1", "(malformed)"),
    ),
    "SHOP_ID": (
        "be made of letters, digits and . _ : / @ -",
        ("'shop-1'", "a b", "shop-1,shop-2", "\u200bshop-1", "x" * 501),
    ),
    "DATABASE_ID": (
        "be (default) or 4 to 63 small letters, digits and hyphens",
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
def test_of_a_list_what_cannot_be_in_it_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} must be .*, not '\*'$"):
        settings_from({name: text})


def test_no_session_has_more_than_five_ways_to_ship() -> None:
    with pytest.raises(SettingsError, match=r"^CHECKOUT_SHIPPING_RATES must be at most 5"):
        settings_from({**CHECKOUT, "CHECKOUT_SHIPPING_RATES": "shr_1,shr_2,shr_3,shr_4,shr_5,shr_6"})


@pytest.mark.parametrize("name", ["CANARY_URL", "ORDER_URL"])
def test_addresses_in_the_emulators_need_no_encryption(name: str) -> None:
    for address in "http://127.0.0.1:5001/{orderId}", "https://a/{orderId}":
        settings = settings_from({name: address, "FUNCTIONS_EMULATOR": "true"})
        assert address in (settings.canary_url, settings.shop.order_url)


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
