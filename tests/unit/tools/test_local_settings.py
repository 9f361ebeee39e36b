"""The emulators' functions have secrets and settings with which they work, or nothing is started."""

from pathlib import Path

import pytest

from tools.local_settings import added_secrets, refuse_unusable
from tools.suite import EmulatorsError

USABLE = f"whsec_{'1' * 64}"
DEFAULTS = "RESERVATION_MINUTES=30\nCHECKOUT_SUCCESS_URL=\nEXPECT_LIVEMODE=\n"
SECRETS = "STRIPE_WEBHOOK_SECRET=whsec_test_secret\nSTRIPE_API_KEY=rk_test_of_the_emulators\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text(DEFAULTS)
    (tmp_path / ".secret.local").write_text(SECRETS)
    return tmp_path


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
def test_usable_secrets_are_left_to_the_functions(folder: Path, secrets: str) -> None:
    (folder / ".secret.local").write_text(secrets)
    refuse_unusable(folder)


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


@pytest.mark.parametrize(
    ("secrets", "defect"),
    [
        (
            "STRIPE_WEBHOOK_SECRET=whsec_test_secret,whsec_from_listen\n",
            r"STRIPE_WEBHOOK_SECRET: the 2nd secret is too short: .* follow whsec_\.",
        ),
        (f"STRIPE_API_KEY=unset\nSTRIPE_API_KEY='rk_live_{'1' * 24}'\n", "STRIPE_API_KEY is a key of live mode, .*"),
    ],
)
def test_a_secret_with_which_no_function_would_start_is_refused_at_once(
    folder: Path, secrets: str, defect: str
) -> None:
    (folder / ".secret.local").write_text(secrets)
    with pytest.raises(EmulatorsError, match=rf"^Correct \.secret\.local: {defect}$"):
        refuse_unusable(folder)


@pytest.mark.parametrize("file", [".env.demo-shop", ".env.local"])
def test_a_setting_of_the_emulators_alone_counts_there(folder: Path, file: str) -> None:
    (folder / ".env").write_text(DEFAULTS.replace("30", "half an hour"))
    (folder / file).write_text("RESERVATION_MINUTES=35\nCHECKOUT_SUCCESS_URL=http://127.0.0.1:8000/ # the page\n")
    refuse_unusable(folder)


@pytest.mark.parametrize(
    ("line", "defect"),
    [
        ("RESERVATION_MINUTES=half an hour", "RESERVATION_MINUTES must be a whole number from 1 to 1440, .*"),
        ("RESERVATION_MINUTE=35", r"\.env, which lists them all, lacks RESERVATION_MINUTE\."),
        ("CHECKOUT_SUCCESS_URL=http://127.0.0.1:8000/#orders", "put CHECKOUT_SUCCESS_URL into double quotes, .*"),
        ("EXPECT_LIVEMODE=true", "STRIPE_API_KEY is a key of test mode, and EXPECT_LIVEMODE is not."),
    ],
)
@pytest.mark.parametrize("file", [".env.demo-shop", ".env.local"])
def test_a_setting_with_which_no_function_would_work_is_refused_at_once(
    folder: Path, file: str, line: str, defect: str
) -> None:
    (folder / file).write_text(f"{line}\n")
    with pytest.raises(EmulatorsError, match=rf"^Correct the settings \(\.env, .*\): {defect}$"):
        refuse_unusable(folder)
