"""Secrets and keys: read once, checked, never shown, and never of the wrong mode."""

import pytest

from service.environment import SettingsError
from service.settings import settings_from
from stripe_api.keys import StripeKey
from webhooks.signing_secrets import EMULATORS_SECRET

ONE, TWO = f"whsec_{'1' * 24}", f"whsec_{'2' * 24}"


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
    (secret,) = settings_from({"STRIPE_WEBHOOK_SECRET": EMULATORS_SECRET, name: "here"}).webhook_secrets
    assert secret.text == EMULATORS_SECRET
    with pytest.raises(SettingsError):
        settings_from({"STRIPE_WEBHOOK_SECRET": EMULATORS_SECRET, name: ""})
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
    with pytest.raises(SettingsError, match=r"^STRIPE_API_KEY is a key of live mode, which the emulators refuse"):
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
    with pytest.raises(SettingsError, match=r"^STRIPE_API_URL is for the emulators: only Stripe may be given"):
        settings_from(address)
    for text in ("127.0.0.1:12111", "http://127.0.0.1:12111/", "ftp://a", "http://a b", "http://a@b"):
        with pytest.raises(SettingsError, match=r"^STRIPE_API_URL must be an address without a path, not "):
            settings_from({**EMULATED, "STRIPE_API_URL": text})
