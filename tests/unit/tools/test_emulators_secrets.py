"""The emulated functions have secrets to start with, and usable ones are kept."""

import pytest

from tools.emulators import added_secrets, refuse_unusable_secret
from tools.suite import EmulatorsError

USABLE = f"whsec_{'1' * 64}"


@pytest.mark.parametrize(
    "secrets",
    [
        "",
        "OTHER=x\n",
        "STRIPE_WEBHOOK_SECRET=whsec_test_secret\n",
        f'STRIPE_WEBHOOK_SECRET="whsec_test_secret,{USABLE}"\n',
        "STRIPE_API_KEY=unset\n",
        "STRIPE_API_KEY='rk_test_of_the_emulators'\n",
    ],
)
def test_usable_secrets_are_left_to_the_functions(secrets: str) -> None:
    refuse_unusable_secret(secrets)


@pytest.mark.parametrize(
    ("given", "added"),
    [
        ("", "MAIL_SECRET=unset\nSTRIPE_WEBHOOK_SECRET=whsec_test_secret\n"),
        ("MAIL_SECRET=x\nSTRIPE_WEBHOOK_SECRET=x\n", ""),
        ("STRIPE_WEBHOOK_SECRET=x", "\nMAIL_SECRET=unset\n"),
        ("STRIPE_WEBHOOK_SECRET=x\n", "MAIL_SECRET=unset\n"),
        ("MAIL_SECRET = x\nSTRIPE_WEBHOOK_SECRET=x", ""),
    ],
)
def test_a_secret_that_is_not_there_is_added_and_no_other_is_touched(given: str, added: str) -> None:
    assert added_secrets(given, {"STRIPE_WEBHOOK_SECRET", "MAIL_SECRET"}) == added


def test_the_key_is_the_one_that_the_stand_in_takes() -> None:
    assert added_secrets("", {"STRIPE_API_KEY"}) == "STRIPE_API_KEY=rk_test_of_the_emulators\n"


def test_a_secret_with_which_no_function_would_start_is_refused_at_once() -> None:
    defect = r"^Correct \.secret\.local: STRIPE_WEBHOOK_SECRET: the 2nd secret is too short: .* follow whsec_\.$"
    with pytest.raises(EmulatorsError, match=defect):
        refuse_unusable_secret("STRIPE_WEBHOOK_SECRET=whsec_test_secret,whsec_from_listen\n")
    with pytest.raises(EmulatorsError, match=r"^Correct \.secret\.local: STRIPE_API_KEY is a key of live mode, "):
        refuse_unusable_secret(f"STRIPE_API_KEY=unset\nSTRIPE_API_KEY='rk_live_{'1' * 24}'\n")
