"""Settings: read once, checked, and frozen."""

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from service.settings import SettingsError, settings_from
from tools.toolchain import ROOT


def test_an_empty_environment_is_good_enough_for_all_but_secrets() -> None:
    settings = settings_from({})
    assert settings.webhook_secrets == ()
    assert settings.terms.reservation == timedelta(minutes=30)
    assert settings.terms.claim_lifetime == timedelta(days=7)
    assert settings.project is None


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("whsec_1", ("whsec_1",)),
        ("whsec_1,whsec_2", ("whsec_1", "whsec_2")),
        (" whsec_1 ,\n whsec_2 \n", ("whsec_1", "whsec_2")),
        ("whsec_1,,", ("whsec_1",)),
        ("", ()),
        (" , ,\n", ()),
    ],
)
def test_secrets_are_separated_by_commas_and_empty_ones_are_none(text: str, secrets: tuple[str, ...]) -> None:
    assert settings_from({"STRIPE_WEBHOOK_SECRET": text}).webhook_secrets == secrets


def test_secrets_are_not_shown() -> None:
    settings = settings_from({"STRIPE_WEBHOOK_SECRET": "whsec_1,whsec_2"})
    assert "whsec" not in repr(settings)
    assert "whsec" not in f"{settings}"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        settings_from({}).project = "another"  # type: ignore[misc]


@pytest.mark.parametrize(("text", "minutes"), [("1", 1), (" 45 ", 45), ("1440", 1_440), ("", 30), ("  ", 30)])
def test_a_reservation_lasts_as_long_as_set(text: str, minutes: int) -> None:
    assert settings_from({"RESERVATION_MINUTES": text}).terms.reservation == timedelta(minutes=minutes)


@pytest.mark.parametrize(("text", "days"), [("4", 4), ("30", 30), ("366", 366)])
def test_claims_are_kept_as_long_as_set(text: str, days: int) -> None:
    assert settings_from({"WEBHOOK_EVENT_TTL_DAYS": text}).terms.claim_lifetime == timedelta(days=days)


@pytest.mark.parametrize("text", ["0", "1441", "-5", "+5", "1.5", "1e3", "thirty", "30m", "0x10", "1_0", "٣", "²"])
def test_a_reservation_of_no_possible_length_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({"RESERVATION_MINUTES": text})
    assert str(refused.value) == f"RESERVATION_MINUTES must be a whole number from 1 to 1440, not {text!r}"


@pytest.mark.parametrize("text", ["0", "3", "367", "never"])
def test_claims_that_stripes_retries_would_outlive_are_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({"WEBHOOK_EVENT_TTL_DAYS": text})
    assert str(refused.value) == f"WEBHOOK_EVENT_TTL_DAYS must be a whole number from 4 to 366, not {text!r}"


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


@pytest.mark.parametrize("name", ["EXPECT_LIVEMODE", "RESTOCK_ON_REFUND"])
@pytest.mark.parametrize("text", ["yes", "1", "0", "live", "truefalse"])
def test_neither_true_nor_false_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({name: text})
    assert str(refused.value) == f"{name} must be true or false, not {text!r}"


def test_the_settings_file_says_the_defaults() -> None:
    lines = (ROOT / ".env").read_text().splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert settings_from(said) == settings_from({})
