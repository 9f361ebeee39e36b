"""SMS to customers, against a stand-in for Twilio."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from effects.outside import Failed, Skipped
from notifications.channel import Person
from notifications.outbox import Outbox
from notifications.sms.channel import Sms, channel_from
from notifications.sms.settings import Countries, countries_from, twilio_from
from notifications.sms.tests.twilio_api import ACCOUNT, API_KEY, KEY_SECRET, SECRET, SERVICE, twilio, twilio_error
from notifications.sms.twilio import Twilio
from notifications.texts import text_of
from service.environment import SettingsError
from tests.support import http_client
from tests.support.channels import a_kit
from tests.support.notices import a_document
from tests.support.provider import Provider, Trouble, open_for_requests

PHONE = "+491511234567"
TEXT = "Your order #1 is paid (€36.00) & done + more"
SETTINGS = {"TWILIO_ACCOUNT_SID": ACCOUNT, "SMS_AUTH_TOKEN": SECRET, "SMS_FROM": "+4930123456", "SMS_COUNTRIES": "+49"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with open_for_requests(twilio()) as provider:
        yield provider


def a_person(phone: str | None = PHONE) -> Person:
    return Person("alice", None, (), phone)


def at(provider: Provider, **changes: Any) -> Twilio:
    given = {"account": ACCOUNT, "user": ACCOUNT, "secret": SECRET, "sender": {"From": "Shop"}, **changes}
    return Twilio(**given, origin=provider.origin)


def send(provider: Provider, phone: str = PHONE, **changes: Any) -> Skipped | None:
    return at(provider, **changes).send({"to": phone, "text": TEXT}, "key")


def failure(provider: Provider, **changes: Any) -> Failed:
    with pytest.raises(Failed) as failed:
        send(provider, **changes)
    said = str(failed.value)
    assert not any(word in said for word in (PHONE, PHONE[1:], SECRET, "order", "localhost"))
    return failed.value


def test_a_customer_is_sent_the_short_text_to_the_proven_number(provider: Provider) -> None:
    notice = a_document()
    text = text_of(notice)
    sms = Sms(at(provider).send, Countries(("+49",)))
    message = sms.message(text, notice, a_person())
    assert not isinstance(message, Skipped)
    assert sms.send(message, "key") is None
    assert provider.taken == [{"To": PHONE, "From": "Shop", "Body": text.short}]
    assert "order-1" in text.short


def test_every_character_of_a_text_arrives(provider: Provider) -> None:
    send(provider)
    assert [sms["Body"] for sms in provider.taken] == [TEXT]


def test_an_api_key_and_a_messaging_service_can_take_the_place_of_account_and_number(provider: Provider) -> None:
    send(provider, user=API_KEY, secret=KEY_SECRET, sender={"MessagingServiceSid": SERVICE})
    assert [sms["MessagingServiceSid"] for sms in provider.taken] == [SERVICE]


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        (None, "no phone number of the customer is known"),
        ("+43664123456", "the customer's country is not in SMS_COUNTRIES"),
        ("+1876123456", "the customer's country is not in SMS_COUNTRIES"),
    ],
)
def test_a_customer_without_a_number_or_with_a_foreign_one_gets_no_sms(phone: str | None, reason: str) -> None:
    sms = Sms(lambda message, key: pytest.fail("sent"), Countries(("+49", "+44")))
    notice = a_document()
    assert sms.message(text_of(notice), notice, a_person(phone)) == Skipped(reason)


@pytest.mark.parametrize(
    ("code", "reason"), [(21211, "is not valid"), (21610, "has unsubscribed"), (21614, "takes no SMS")]
)
def test_a_number_that_takes_no_sms_is_skipped_without_an_error(provider: Provider, code: int, reason: str) -> None:
    provider.script = [twilio_error(400, code)]
    skipped = send(provider)
    assert skipped is not None and reason in skipped.reason and PHONE not in skipped.reason


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, 21408, False),
        (400, 21611, True),
        (400, 21730, True),
        (401, 20003, False),
        (429, 20429, True),
        (503, 20503, True),
    ],
)
def test_only_what_passes_is_tried_again(provider: Provider, status: int, code: int, retryable: bool) -> None:  # noqa: FBT001 - an expectation
    provider.script = [twilio_error(status, code)]
    failed = failure(provider)
    assert (str(failed), failed.retryable) == (f"Twilio answers {status}, error {code}", retryable)


@pytest.mark.parametrize("code", [[21611], "21611", None])
def test_an_answer_whose_code_is_no_number_says_nothing_more(provider: Provider, code: Any) -> None:
    provider.script = [twilio_error(400, code)]
    failed = failure(provider)
    assert (str(failed), failed.retryable) == ("Twilio answers 400", False)


def test_twilio_is_left_alone_for_as_long_as_it_says(provider: Provider) -> None:
    provider.script = [twilio_error(429, 20429, "Retry-After: 90")]
    assert failure(provider).retry_after == timedelta(seconds=90)


def test_a_wrong_secret_is_not_tried_again(provider: Provider) -> None:
    failed = failure(provider, secret="f" * 32)
    assert (str(failed), failed.retryable) == ("Twilio answers 401, error 20003", False)
    assert provider.taken == []


@pytest.mark.parametrize("trouble", list(Trouble))
def test_an_sms_is_sent_again_if_nobody_knows_what_has_become_of_it(
    provider: Provider, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.posting.ANSWER_SECONDS_MAX", 0.3)
    provider.script = [trouble]
    failed = failure(provider)
    assert failed.retryable and str(failed).startswith("Twilio ")
    assert send(provider) is None
    # Twilio has no idempotency keys: this one arrives twice, as the runbook says.
    assert len(provider.taken) == 2


def test_the_settings_name_account_sender_and_countries() -> None:
    assert twilio_from(SETTINGS) == Twilio(ACCOUNT, ACCOUNT, SECRET, {"From": "+4930123456"})
    by_key = twilio_from({**SETTINGS, "TWILIO_USER_SID": API_KEY, "SMS_FROM": SERVICE})
    assert by_key == Twilio(ACCOUNT, API_KEY, SECRET, {"MessagingServiceSid": SERVICE})
    assert countries_from({"SMS_COUNTRIES": "+49, +43"}) == Countries(("+49", "+43"))
    assert countries_from({"SMS_COUNTRIES": "*"}).include("+881612345678")


@pytest.mark.parametrize("sender", ["12345", "My Shop", "+4930123456", "MG Shop"])
def test_a_sender_is_a_number_or_a_short_code_or_a_name(sender: str) -> None:
    assert twilio_from({**SETTINGS, "SMS_FROM": sender}).sender == {"From": sender}


@pytest.mark.parametrize(
    ("name", "text", "must"),
    [
        ("TWILIO_ACCOUNT_SID", "", "be an account's SID: AC and 32 digits"),
        ("TWILIO_ACCOUNT_SID", API_KEY, "be an account's SID: AC and 32 digits"),
        ("TWILIO_USER_SID", ACCOUNT, "be an API key's SID: SK and 32 digits"),
        ("SMS_AUTH_TOKEN", "unset", "be Twilio's, or the secret of TWILIO_USER_SID"),
        ("SMS_AUTH_TOKEN", f"{SECRET}é", "be Twilio's, or the secret of TWILIO_USER_SID"),
        ("SMS_FROM", "", "be a number such as .4930123456, a short code, a name of 1 to 11 letters, or a Messaging"),
        ("SMS_FROM", "A name too long", "be a number"),
        ("SMS_COUNTRIES", "", "list the calling codes"),
        ("SMS_COUNTRIES", "Germany", "list the calling codes"),
        ("SMS_COUNTRIES", "+49,*", "list the calling codes"),
        ("SMS_COUNTRIES", "49", "list the calling codes"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_not_repeated(name: str, text: str, must: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must {must}") as error:
        channel_from(a_kit({**SETTINGS, name: text}))
    assert not text or text not in str(error.value).replace("+49, or be *", "")


def test_no_secret_is_shown() -> None:
    assert SECRET not in repr(channel_from(a_kit(SETTINGS))) + repr(twilio_from(SETTINGS))


def test_the_emulators_need_no_account_and_still_mind_the_countries(tmp_path: Path) -> None:
    kit = a_kit({"SMS_COUNTRIES": "+49"}, outbox=Outbox(tmp_path))
    channel_from(kit).send({"to": PHONE, "text": TEXT}, "evt_1_sms_customer")
    assert json.loads((tmp_path / "evt_1_sms_customer.json").read_text()) == {"to": PHONE, "text": TEXT}
    assert not channel_from(kit).countries.include("+43664123456")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"To": "0151"}, 21211),
        ({"From": None}, 21603),
        ({"MessagingServiceSid": SERVICE}, 21603),
        ({"Body": None}, 21602),
        ({"Body": "x" * 1_601}, 21617),
        ({"Text": "x"}, 20001),
    ],
)
def test_the_stand_in_takes_what_twilio_documents(
    provider: Provider, changed: dict[str, str | None], code: int
) -> None:
    form = {"To": PHONE, "From": "Shop", "Body": "x", **changed}
    body = urlencode({name: value for name, value in form.items() if value is not None}).encode()
    post = at(provider)._post(PHONE, "x")
    answer = http_client.request(post.url, body, post.headers)
    assert (answer.status, json.loads(answer.body)["code"]) == (400, code)


def test_the_stand_in_lets_nobody_in_without_a_secret(provider: Provider) -> None:
    assert http_client.request(at(provider)._post(PHONE, "x").url, b"To=x", {}).status == 401
    assert http_client.request(f"{provider.origin}/2010-04-01/Messages.json", b"To=x", {}).status == 404
