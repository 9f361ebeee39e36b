"""What a Stripe key looks like, and that none is shown."""

import pytest

from stripe_api.keys import EMULATORS_KEY, InvalidKey, StripeKey, stripe_key_from

SECRET = "51AbCdEfGhIjKl"


@pytest.mark.parametrize("kind", ["rk", "sk"])
def test_a_key_is_for_the_mode_that_it_names(kind: str) -> None:
    test, live = f"{kind}_test_{SECRET}", f"{kind}_live_{SECRET}"
    assert stripe_key_from(test) == StripeKey(test, livemode=False)
    assert stripe_key_from(live) == StripeKey(live, livemode=True)


def test_the_emulators_key_is_one_for_tests() -> None:
    assert stripe_key_from(EMULATORS_KEY).livemode is False


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        (f"pk_live_{SECRET}", "is a publishable key"),
        (f"whsec_{SECRET}", "is a signing secret: it belongs in STRIPE_WEBHOOK_SECRET"),
        *(
            (text, "must be rk_test_, rk_live_, sk_test_ or sk_live_ and what follows it")
            for text in (
                *("UNSET", SECRET, "rk_live_", "rk_live_short", f"RK_LIVE_{SECRET}", f"rk_prod_{SECRET}"),
                *(f'"rk_live_{SECRET}"', f"rk_live_{SECRET}\n", f"live:rk_live_{SECRET}", f"rk_live_{SECRET}\u200b"),
                *(f"rk_live_{SECRET} rk_live_{SECRET}", f"rk_live_{SECRET}é", f" rk_live_{SECRET}", f"k_live_{SECRET}"),
            )
        ),
    ],
    ids=ascii,
)
def test_what_can_be_no_key_is_refused_by_its_defect_and_never_repeated(text: str, defect: str) -> None:
    with pytest.raises(InvalidKey, match=f"^{defect}") as refused:
        stripe_key_from(text)
    assert SECRET not in str(refused.value)


def test_a_key_is_not_shown() -> None:
    assert SECRET not in repr(stripe_key_from(f"rk_live_{SECRET}"))
