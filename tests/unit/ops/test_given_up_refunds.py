"""What becomes of a refund that was given up: retried, ordered anew, or marked as handled."""

import shlex

import pytest

from effects.effect import EffectKind, a_stripe_call
from ops.exit_codes import ExitCode
from orders.refunds import Refund
from tests.support.builders import LATER, a_placement
from tests.support.effects import with_effect
from tests.support.operating import YES, operated
from tests.support.payments import a_payment
from tests.support.refunds import a_refund, an_updated_refund
from tests.support.shop import a_shop_after, a_shop_paid_twice, without_requests
from tests.support.why import an_ordered_refund_effect, next_steps, told, ways_back


def test_ways_to_repay_a_given_up_refund_are_alternatives() -> None:
    refund = a_stripe_call(EffectKind.STRIPE_REFUND, "pi_2", "order-1", "evt_2", "alice")
    said = (
        told(with_effect(a_shop_paid_twice(), refund, state="ERROR", error="no key"))
        .partition("What to do next\n")[2]
        .splitlines()
    )
    first, *others = said[::2]
    assert first.startswith("The refund of pi_2 was given up (no key).")
    assert said[1] == f"  ./shop retry {refund.effect_id}"
    assert [each[:2] for each in others] == ["Or"] * 3
    assert [each.strip() for each in said[3::2]] == [*ways_back("--payment pi_2 "), f"./shop handle {refund.effect_id}"]


@pytest.mark.parametrize(
    ("given_up", "gone", "options"),
    [
        (1_200, a_refund("re_2", 500), "--payment pi_1 --amount 1200 "),
        (None, a_refund("re_2", 500), "--payment pi_1 "),
        (1_200, a_refund("re_2", 1_200), None),
        (None, a_refund("re_2", 3_600), None),
    ],
)
def test_a_refund_that_was_given_up_before_other_money_went_back_is_ordered_anew_if_it_is_owed_too(
    given_up: int | None, gone: Refund, options: str | None
) -> None:
    store = without_requests(a_shop_after(a_placement(), a_payment(), an_updated_refund("evt_2", gone)))
    lost, other = an_ordered_refund_effect("operator_1", given_up), an_ordered_refund_effect("operator_2", gone.amount)
    with_effect(store, lost, state="ERROR", error="no key", nextAttemptAt=None)
    with_effect(store, other, state="SUCCESS", refundId="re_2", createdAt=LATER)
    handle = f"./shop handle {lost.effect_id}"
    assert next_steps(store) == [*(ways_back(options) if options else ()), handle]
    if options:
        assert operated(store, *shlex.split(next_steps(store)[0])[1:]).exit_code == ExitCode.FINE
    why = "Or, if nothing is owed any more" if options else "is not retried, because its money went back otherwise"
    steps_then = ("re_2", "SUCCESS", next_steps(store)), ("re_2", "PENDING", [handle])
    for refund_id, state, steps in (*steps_then, *([("re_9", "SUCCESS", [handle])] if options else ())):
        with_effect(store, other, state=state, refundId=refund_id, createdAt=LATER)
        assert next_steps(store) == steps
        assert why in told(store)


@pytest.mark.parametrize(("given_up", "gone"), [(3_600, 600), (1_200, 3_000), (1_200, 3_599)])
def test_a_given_up_refund_of_more_than_is_left_which_stripe_refuses_is_ordered_anew_for_what_is_left(
    given_up: int, gone: int
) -> None:
    back = an_updated_refund("evt_2", a_refund("re_2", gone))
    store = without_requests(a_shop_after(a_placement(), a_payment(), back))
    refused = an_ordered_refund_effect("operator_1", given_up)
    with_effect(store, refused, state="ERROR", error="greater than unrefunded amount", nextAttemptAt=None)
    shown = operated(store, "retry", refused.effect_id, *YES)
    assert (shown.exit_code, f"too_much: {given_up} to refund, {3_600 - gone} of pi_1 left" in shown.stdout) == (
        1,
        True,
    )
    ways = ways_back(f"--payment pi_1 --amount {3_600 - gone} ")
    assert next_steps(store) == [*ways, f"./shop handle {refused.effect_id}"]
    assert "order a new refund of what is left" in " ".join(told(store).split())
    assert [operated(store, *shlex.split(each)[1:]).exit_code for each in ways] == [ExitCode.FINE] * 2


@pytest.mark.parametrize("given_up", [None, 1_200])
def test_a_refund_that_was_given_up_is_not_ordered_anew_while_stripe_has_yet_to_report_that_all_went_back(
    given_up: int | None,
) -> None:
    store = without_requests(a_shop_after(a_placement(), a_payment()))
    lost, other = an_ordered_refund_effect("operator_1", given_up), an_ordered_refund_effect("operator_2", None)
    with_effect(store, lost, state="ERROR", error="no key", nextAttemptAt=None)
    with_effect(store, other, state="SUCCESS", refundId="re_2", createdAt=LATER)
    assert next_steps(store) == [f"./shop handle {lost.effect_id}"]
    assert "is not retried, because its money went back otherwise" in told(store)


@pytest.mark.parametrize(("given_up", "gone"), [(None, 600), (3_000, 600), (None, 3_599)])
def test_a_given_up_refund_of_what_is_left_is_retried(given_up: int | None, gone: int) -> None:
    store = a_shop_after(a_placement(), a_payment(), an_updated_refund("evt_2", a_refund("re_2", gone)))
    refund = an_ordered_refund_effect("operator_1", given_up)
    with_effect(store, refund, state="ERROR", error="no key", nextAttemptAt=None)
    assert operated(store, "retry", refund.effect_id, *YES).exit_code == ExitCode.FINE
