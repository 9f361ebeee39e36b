"""Settings: read once, checked, and frozen."""

from dataclasses import FrozenInstanceError, replace
from datetime import timedelta

import pytest

from service.settings import SettingsError, settings_from
from tests.support.builders import TERMS
from tools.emulators import WEBHOOK_SECRET
from tools.toolchain import ROOT
from webhooks.ownership import Naming

ONE, TWO = f"whsec_{'1' * 24}", f"whsec_{'2' * 24}"


def test_an_empty_environment_is_good_enough_for_all_but_secrets() -> None:
    settings = settings_from({})
    assert settings.webhook_secrets == ()
    terms = settings.terms
    assert (terms.reservation, terms.async_reservation) == (timedelta(minutes=30), timedelta(days=7))
    assert (terms.hold_max, terms.late_payment) == (timedelta(days=30), timedelta(days=7))
    assert (terms.claim_lifetime, terms.notice_lifetime) == (timedelta(days=7), timedelta(days=90))
    assert settings.project is None


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
        *((text, NO_SECRET) for text in ("x", "a" * 40, "sk_live_" + "1" * 24, "UNSET", f"LIVE:{ONE}", f"prod:{ONE}")),
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


@pytest.mark.parametrize("text", ['"acct_1"', "acct_1 acct_2", "*", "acct_1;acct_2", "\ufeffacct_1", "(malformed)"])
def test_what_can_be_no_account_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({"STRIPE_ACCOUNTS": f"acct_9,{text},"})
    assert str(refused.value) == f"STRIPE_ACCOUNTS must be ids of accounts, separated by commas, not {text!r}"


@pytest.mark.parametrize(("text", "shop_id"), [("", None), ("  ", None), (" shop-1\n", "shop-1"), ("a.b/c", "a.b/c")])
def test_a_shop_has_the_id_that_is_set(text: str, shop_id: str | None) -> None:
    assert settings_from({"SHOP_ID": text}).naming == Naming(shop_id=shop_id)


@pytest.mark.parametrize("text", ["'shop-1'", "a b", "shop-1,shop-2", "\u200bshop-1", "x" * 501])
def test_what_metadata_could_hardly_say_is_no_shops_id(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({"SHOP_ID": text})
    assert str(refused.value) == f"SHOP_ID must be made of letters, digits and . _ : / @ -, not {text!r}"


def test_a_sessions_reference_is_trusted_only_where_that_is_set() -> None:
    assert settings_from({"TRUST_CLIENT_REFERENCE_ID": "True"}).naming.trusts_client_reference_id
    assert not settings_from({"TRUST_CLIENT_REFERENCE_ID": "false"}).naming.trusts_client_reference_id
    assert not settings_from({}).naming.trusts_client_reference_id


# --- All others ------------------------------------------------------------------------------------------------------


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        settings_from({}).project = "another"  # type: ignore[misc]


@pytest.mark.parametrize(("text", "minutes"), [("1", 1), (" 45 ", 45), ("1440", 1_440), ("", 30), ("  ", 30)])
def test_a_reservation_lasts_as_long_as_set(text: str, minutes: int) -> None:
    assert settings_from({"RESERVATION_MINUTES": text}).terms.reservation == timedelta(minutes=minutes)


DAYS = {
    "ASYNC_RESERVATION_DAYS": ("async_reservation", 1, 30),
    "HOLD_DAYS_MAX": ("hold_max", 1, 90),
    "LATE_PAYMENT_DAYS": ("late_payment", 1, 366),
    # Stripe's retries would outlive a claim that is kept for less.
    "WEBHOOK_EVENT_TTL_DAYS": ("claim_lifetime", 4, 366),
    "NOTICE_TTL_DAYS": ("notice_lifetime", 1, 3_650),
}


@pytest.mark.parametrize(("name", "term", "least", "most"), [(name, *rest) for name, rest in DAYS.items()])
def test_what_lasts_for_days_lasts_as_long_as_set_within_its_bounds(
    name: str, term: str, least: int, most: int
) -> None:
    for days in least, most:
        terms = settings_from({name: str(days)}).terms
        assert getattr(terms, term) == timedelta(days=days)
        assert replace(terms, **{term: getattr(TERMS, term)}) == TERMS
    for text in str(least - 1), str(most + 1), "1.5", "never":
        with pytest.raises(SettingsError) as refused:
            settings_from({name: text})
        assert str(refused.value) == f"{name} must be a whole number from {least} to {most}, not {text!r}"


@pytest.mark.parametrize("text", ["0", "1441", "-5", "+5", "1.5", "1e3", "thirty", "30m", "0x10", "1_0", "٣", "²"])
def test_a_reservation_of_no_possible_length_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({"RESERVATION_MINUTES": text})
    assert str(refused.value) == f"RESERVATION_MINUTES must be a whole number from 1 to 1440, not {text!r}"


@pytest.mark.parametrize(("text", "threads"), [("", 16), ("1", 1), ("1000", 1_000)])
def test_an_instance_serves_as_many_requests_at_a_time_as_it_has_threads(text: str, threads: int) -> None:
    assert settings_from({"THREADS": text}).threads == threads


@pytest.mark.parametrize(("text", "few"), [("", 5), ("0", 0), ("1000000", 1_000_000)])
def test_as_many_units_are_few_as_set(text: str, few: int) -> None:
    assert settings_from({"FEW_LEFT": text}).few_left == few


@pytest.mark.parametrize("text", ["-1", "1000001", "some"])
def test_an_impossible_number_of_units_is_not_few(text: str) -> None:
    with pytest.raises(SettingsError, match="FEW_LEFT must be a whole number from 0 to 1000000"):
        settings_from({"FEW_LEFT": text})


@pytest.mark.parametrize("text", ["0", "1001", "all"])
def test_a_number_of_threads_that_no_server_has_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({"THREADS": text})
    assert str(refused.value) == f"THREADS must be a whole number from 1 to 1000, not {text!r}"


@pytest.mark.parametrize(
    ("name", "term", "default", "most"),
    [("OPEN_ORDERS_MAX", "open_orders_max", 20, 10_000), ("ORDER_UNITS_MAX", "order_units_max", 1_000, 1_000_000)],
)
def test_the_shop_says_how_much_one_customer_may_have_held(name: str, term: str, default: int, most: int) -> None:
    assert [getattr(settings_from({name: text}).terms, term) for text in ("", "1", str(most))] == [default, 1, most]
    for text in ("0", str(most + 1), "-1"):
        with pytest.raises(SettingsError, match=f"^{name} must be a whole number from 1 to {most}, not '{text}'$"):
            settings_from({name: text})


def test_the_project_is_the_one_that_the_environment_names() -> None:
    assert settings_from({"GOOGLE_CLOUD_PROJECT": "shop", "GCLOUD_PROJECT": "other"}).project == "shop"
    assert settings_from({"GCLOUD_PROJECT": "shop"}).project == "shop"
    assert settings_from({"GOOGLE_CLOUD_PROJECT": ""}).project is None


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), (" TRUE\n", True), ("False", False)])
def test_a_yes_or_no_setting_is_taken_in_any_case(text: str, *, value: bool) -> None:
    terms = settings_from({"EXPECT_LIVEMODE": text, "RESTOCK_ON_REFUND": text}).terms
    assert (terms.expected_livemode, terms.restock_on_refund) == (value, value)


def test_unless_it_is_said_both_modes_are_taken_and_refunded_units_go_back_on_the_shelf() -> None:
    terms = settings_from({"EXPECT_LIVEMODE": "  "}).terms
    assert (terms.expected_livemode, terms.restock_on_refund) == (None, True)


@pytest.mark.parametrize("name", ["EXPECT_LIVEMODE", "RESTOCK_ON_REFUND", "TRUST_CLIENT_REFERENCE_ID"])
@pytest.mark.parametrize("text", ["yes", "1", "0", "live", "truefalse"])
def test_neither_true_nor_false_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({name: text})
    assert str(refused.value) == f"{name} must be true or false, not {text!r}"


def test_the_settings_file_says_the_defaults() -> None:
    lines = (ROOT / ".env").read_text().splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert settings_from(said) == settings_from({})
