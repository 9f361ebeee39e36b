"""An effect was created: which one is performed, and what is left alone."""

import pytest
from cloudevents.http import CloudEvent

from orders.outcome import StoreUnavailable
from tests.support.firestore_events import a_created_event, created
from tests.support.recording import RecordingLog
from triggers.effect_created import EffectCreatedTrigger

EFFECT = "effects/evt_1_mail_customer"


def received(event: CloudEvent) -> tuple[list[str], list[dict[str, object]]]:
    """What was performed and what was logged."""
    performed: list[str] = []
    log = RecordingLog()
    EffectCreatedTrigger(performed.append, log).receive(event)
    return performed, log.lines


@pytest.mark.parametrize(("header", "data"), [("effects/mangled", created(EFFECT)), (EFFECT, b"\xff\xff")])
def test_the_event_says_which_effect_to_perform_and_nothing_else(header: str, data: bytes) -> None:
    assert received(a_created_event(header, data)) == (["evt_1_mail_customer"], [])


def test_what_the_database_did_not_take_part_in_is_raised_so_that_it_is_delivered_again() -> None:
    def perform(_effect_id: str) -> None:
        raise StoreUnavailable("o")

    with pytest.raises(StoreUnavailable):
        EffectCreatedTrigger(perform, RecordingLog()).receive(a_created_event(EFFECT, created(EFFECT)))


@pytest.mark.parametrize("path", [None, "effects/", "effects/a/b", "elsewhere/evt_1"])
def test_an_event_that_names_no_effect_is_left_alone_and_logged_and_never_redelivered(path: str | None) -> None:
    message = "an effect whose id cannot be handled was left alone"
    assert received(a_created_event(path, b"")) == (
        [],
        [{"severity": "ERROR", "message": message, "cloudEventId": "ce-1"}],
    )
