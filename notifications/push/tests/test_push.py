"""Push messages to a customer's devices, against a stand-in for Firebase Cloud Messaging."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from database.documents.fcm_tokens import fcm_token_path
from effects.outside import Failed, Skipped
from notifications.channel import Person
from notifications.channels import SEND_SECONDS_MAX
from notifications.posting import ANSWER_SECONDS_MAX, Answer
from notifications.push import devices
from notifications.push.channel import Push
from notifications.push.devices import Devices
from notifications.push.fcm import Fate, Outcome, body_for, outcome_of
from notifications.push.tests.fcm_api import (
    ACCESS_TOKEN,
    BROWSER,
    BUSY,
    INVALID_FIELD,
    INVALID_MESSAGE,
    INVALID_TOKEN,
    MESSAGE,
    OTHER_SENDER,
    PHONE,
    PROJECT,
    TABLET,
    UNREGISTERED,
    fcm,
    fcm_error,
)
from notifications.shop import Shop
from notifications.texts import text_of
from orders.outcome import StoreUnavailable
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore
from tests.support.notices import a_document
from tests.support.provider import Provider, Trouble, open_for_requests

ALICE = Person("alice", None, (), None)
SHOP = Shop(order_url="https://shop.example/orders/{orderId}")
A_DEVICE = {"createdAt": NOW, "platform": "web"}
ANSWER = Answer(200)


def a_store(*tokens: str) -> MemoryStore:
    return MemoryStore({fcm_token_path("alice", token): A_DEVICE for token in tokens or (PHONE, TABLET, BROWSER)})


def devices_at(provider: Provider, store: MemoryStore, secret: str = ACCESS_TOKEN) -> Devices:
    return Devices(PROJECT, lambda seconds: {"authorization": f"Bearer {secret}"}, store, provider.origin)


def sent(
    fates: Mapping[str, bytes],
    store: MemoryStore | None = None,
    message: Mapping[str, object] = MESSAGE,
    while_open: Callable[[Provider], object] = lambda provider: None,
) -> tuple[Skipped | None, list[str]]:
    """How sending ends, and which devices accepted the message. Raises Failed."""
    with open_for_requests(fcm(fates)) as provider:
        while_open(provider)
        ending = devices_at(provider, store or a_store()).send(message, "evt_1_push_customer")
        return ending, sorted(taken.get("fid") or taken["token"] for taken in provider.taken)


def failure(fates: Mapping[str, bytes], store: MemoryStore | None = None) -> Failed:
    with pytest.raises(Failed) as failed:
        sent(fates, store)
    assert not any(word in str(failed.value) for word in (PHONE, TABLET, BROWSER, ACCESS_TOKEN, "localhost", "alice"))
    return failed.value


def left_in(store: MemoryStore) -> list[str]:
    return [path.rpartition("/")[2] for path in store.dump()]


def test_a_message_is_made_for_the_devices_of_its_customer_and_leads_to_the_order() -> None:
    store, notice = a_store(PHONE, BROWSER), a_document()
    push = Push(lambda message, key: None, lambda: store)  # type: ignore[arg-type, return-value]
    text = text_of(notice, shop=SHOP)
    message = push.message(text, notice, ALICE)
    assert message == {
        "userId": "alice",
        "tokens": [PHONE, BROWSER],
        "title": text.subject,
        "body": text.short,
        "data": {"orderId": "order-1", "type": "paid"},
        "link": "https://shop.example/orders/order-1",
    }
    assert push.message(text, notice, replace(ALICE, user_id="bob")) == Skipped("the customer has registered no device")
    assert isinstance(push.message(text, notice, replace(ALICE, user_id=None)), Skipped)


def test_a_message_reaches_every_device_by_its_token_or_its_installation_id() -> None:
    assert sent({}) == (None, sorted([PHONE, TABLET, BROWSER]))
    bodies = [body_for(token, MESSAGE, "key")["message"] for token in (PHONE, BROWSER)]
    assert [sorted(body.keys() & {"fid", "token"}) for body in bodies if isinstance(body, dict)] == [["token"], ["fid"]]


def test_a_device_shows_the_message_and_leads_to_its_page() -> None:
    body: Any = body_for(PHONE, MESSAGE, "key")["message"]
    assert (body["token"], body["data"]) == (PHONE, MESSAGE["data"])
    assert body["notification"] == {"title": "Your order 1 is paid", "body": "Thank you."}
    assert body["webpush"]["fcm_options"] == {"link": "https://shop.example/orders/1"}


def test_a_duplicate_takes_the_place_of_the_first_message_and_of_no_other() -> None:
    def marks_of(key: str) -> set[str]:
        body: Any = body_for(PHONE, MESSAGE, key)["message"]
        return {
            body["android"]["collapse_key"],
            body["android"]["notification"]["tag"],
            body["apns"]["headers"]["apns-collapse-id"],
            body["webpush"]["notification"]["tag"],
        }

    long_key = "evt_1" * 300
    assert marks_of(long_key) == marks_of(long_key)
    assert len(marks_of(long_key) | marks_of("evt_2")) == 2


def test_a_link_that_fcm_would_refuse_is_left_out() -> None:
    message = {**MESSAGE, "link": "http://127.0.0.1:5000/orders/1"}
    assert sent({}, message=message)[1] == sorted([PHONE, TABLET, BROWSER])
    assert sent({}, message={**MESSAGE, "link": None})[0] is None


@pytest.mark.parametrize("gone", [UNREGISTERED, INVALID_TOKEN, INVALID_FIELD])
def test_a_dead_device_is_forgotten_and_the_others_are_reached(gone: bytes) -> None:
    store = a_store()
    assert sent({TABLET: gone}, store) == (None, sorted([PHONE, BROWSER]))
    assert left_in(store) == sorted([PHONE, BROWSER])


@pytest.mark.parametrize(
    "answer",
    [
        BUSY,
        OTHER_SENDER,
        INVALID_MESSAGE,
        fcm_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", message="Android message is too big"),
        fcm_error(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
        fcm_error(403, "PERMISSION_DENIED"),
        fcm_error(404, "NOT_FOUND"),
        fcm_error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
        fcm_error(500, "INTERNAL", "INTERNAL"),
        # Not a documented answer.
        fcm_error(503, "UNAVAILABLE", "UNREGISTERED"),
        fcm_error(503, "UNAVAILABLE", "INVALID_ARGUMENT", field="message.token"),
    ],
)
def test_no_device_is_forgotten_for_any_other_reason(answer: bytes) -> None:
    store = a_store()
    failure(dict.fromkeys((PHONE, TABLET, BROWSER), answer), store)
    assert len(left_in(store)) == 3


def test_once_no_device_is_left_there_is_nothing_more_to_do() -> None:
    store = a_store()
    ending = Skipped("none of the customer's devices can be reached any more")
    assert sent(dict.fromkeys((PHONE, TABLET, BROWSER), UNREGISTERED), store) == (ending, [])
    assert left_in(store) == []
    assert sent({}, store) == (ending, [])


def test_where_no_device_is_left_nobody_asks_for_access() -> None:
    def no_token(seconds: float) -> Mapping[str, str]:
        raise ZeroDivisionError

    devices = Devices(PROJECT, no_token, MemoryStore(), "https://fcm.example")
    assert isinstance(devices.send(MESSAGE, "key"), Skipped)


def test_a_device_is_gone_if_fcm_names_both_of_its_addresses() -> None:
    violations = [{"field": "message.token"}, {"field": "message.fid"}]
    fields = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}
    code = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "INVALID_ARGUMENT"}
    body = json.dumps({"error": {"details": [code, fields]}}).encode()
    assert outcome_of(replace(ANSWER, code=400, body=body)).fate is Fate.DEAD


def test_a_customer_who_has_signed_out_since_gets_no_push_there() -> None:
    assert sent({}, a_store(PHONE)) == (None, [PHONE])


def test_a_device_that_the_app_has_registered_again_meanwhile_is_kept() -> None:
    store = a_store(PHONE)

    def registers_again(provider: Provider) -> None:
        take = provider.take

        def take_late(request: Any) -> Any:
            store.put(fcm_token_path("alice", PHONE), {**A_DEVICE, "createdAt": NOW + timedelta(seconds=1)})
            return take(request)

        provider.take = take_late

    sent({PHONE: UNREGISTERED}, store, while_open=registers_again)
    assert left_in(store) == [PHONE]


def test_if_one_device_may_be_reached_later_all_are_tried_again() -> None:
    store = a_store()
    failed = failure({PHONE: BUSY, TABLET: UNREGISTERED}, store)
    assert (str(failed), failed.retryable) == ("FCM answers 503 (UNAVAILABLE) (1 of 3 devices)", True)
    # The unregistered device's token was deleted.
    assert sent({}, store) == (None, sorted([PHONE, BROWSER]))


def test_a_device_of_another_project_stops_no_other_and_is_not_tried_again() -> None:
    assert sent({PHONE: OTHER_SENDER}) == (None, sorted([TABLET, BROWSER]))
    failed = failure(dict.fromkeys((PHONE, TABLET, BROWSER), OTHER_SENDER))
    assert (str(failed), failed.retryable) == ("FCM answers 403 (SENDER_ID_MISMATCH)", False)
    assert not failure({PHONE: OTHER_SENDER}, a_store(PHONE)).retryable


@pytest.mark.parametrize(("headers", "pause"), [(["Retry-After: 600"], 600), ([], 60), (["Retry-After: later"], 60)])
def test_fcm_is_left_alone_for_as_long_as_it_says_and_for_a_minute_at_least(headers: list[str], pause: int) -> None:
    failed = failure({PHONE: fcm_error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", *headers)})
    assert (failed.retryable, failed.retry_after) == (True, timedelta(seconds=pause))


def test_the_longest_pause_of_all_devices_counts() -> None:
    short, long = (fcm_error(503, "UNAVAILABLE", "UNAVAILABLE", f"Retry-After: {pause}") for pause in (5, 120))
    assert failure({PHONE: short, TABLET: long}).retry_after == timedelta(seconds=120)


@pytest.mark.parametrize("trouble", list(Trouble))
def test_a_message_whose_answer_is_lost_is_pushed_again(trouble: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.posting.ANSWER_SECONDS_MAX", 0.3)
    with open_for_requests(fcm()) as provider:
        provider.script = [trouble]
        with pytest.raises(Failed) as failed:
            devices_at(provider, a_store(PHONE)).send(MESSAGE, "key")
        assert failed.value.retryable and str(failed.value).startswith("FCM")
        devices_at(provider, a_store(PHONE)).send(MESSAGE, "key")
        first, second = provider.taken
    assert first == second


def test_nobody_pushes_without_access(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_for_requests(fcm()) as provider:
        with pytest.raises(Failed, match=r"FCM answers 401 \(UNAUTHENTICATED\)"):
            devices_at(provider, a_store(), secret="expired").send(MESSAGE, "key")

        def no_token(seconds: float) -> Mapping[str, str]:
            raise StoreUnavailable("no access token")

        with pytest.raises(Failed, match=r"^there is no access token for FCM$") as failed:
            replace(devices_at(provider, a_store()), authorization=no_token).send(MESSAGE, "key")
        assert failed.value.retryable
        assert provider.taken == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"error": []}', b'{"error": {"details": {}}}', b"\xff", b"[" * 9999]
)
def test_an_answer_that_cannot_be_read_kills_no_device(body: bytes) -> None:
    for code in (200, 400, 404, 500):
        answer = outcome_of(replace(ANSWER, code=code, body=body))
        assert answer.fate is (Fate.UNKNOWN if code in (200, 500) else Fate.REFUSED)
        assert answer.reason == ("FCM's answer cannot be read" if code == 200 else f"FCM answers {code}")


def test_no_answer_is_the_pause_and_the_reason_of_its_failure() -> None:
    pause = timedelta(seconds=7)
    assert outcome_of(Failed("no answer", retryable=True, retry_after=pause)) == Outcome(
        Fate.UNKNOWN, "no answer", pause
    )


def test_the_steps_of_sending_end_in_time() -> None:
    steps = (devices._READ_SECONDS_MAX, devices._TOKEN_SECONDS_MAX, ANSWER_SECONDS_MAX, devices._FORGET_SECONDS_MAX)
    assert sum(steps) <= SEND_SECONDS_MAX
