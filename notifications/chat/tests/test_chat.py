"""Messages into the operators' chat, against a stand-in for Slack."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from effects.outside import Failed
from notifications.channel import Person
from notifications.chat.channel import Chat, channel_from
from notifications.chat.tests.slack import PATH, as_read, slack, slack_answer
from notifications.chat.webhook import Webhook
from notifications.notices import Audience, NoticeType
from notifications.outbox import Outbox
from notifications.texts import Text, text_of
from service.environment import SettingsError
from tests.support import http_client
from tests.support.channels import a_kit
from tests.support.notices import a_document
from tests.support.provider import Provider, Trouble, open_for_requests

OPERATORS = Person(user_id=None, locale=None, emails=(), phone=None)
SECRET_URL = f"https://hooks.chat.example{PATH}"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with open_for_requests(slack()) as provider:
        yield provider


def message_of(text: Text) -> dict[str, object]:
    return dict(Chat(lambda message, key: None).message(text, {}, OPERATORS))


def send(provider: Provider, path: str = PATH) -> None:
    Webhook(provider.origin + path).post({"text": "*Refund order 1*"}, "key")


def failure(provider: Provider, path: str = PATH) -> Failed:
    with pytest.raises(Failed) as failed:
        send(provider, path)
    # The URL is a secret: it is enough to post.
    assert path not in str(failed.value) and "localhost" not in str(failed.value)
    return failed.value


def test_operators_are_told_what_there_is_to_do(provider: Provider) -> None:
    notice = a_document(NoticeType.REFUND_DUE, Audience.OPERATOR)
    chat = Chat(Webhook(provider.origin + PATH).post)
    chat.send(chat.message(text_of(notice), notice, OPERATORS), "key")
    (message,) = provider.taken
    assert message.keys() == {"text"}
    assert as_read(message["text"]).startswith("*Refund order order-1*\n")
    assert "What to do: refund what is not refunded yet" in as_read(message["text"])


@pytest.mark.parametrize("name", ["<!channel>", "<@U123>", "<https://evil.example|Stripe>", "&lt;!here&gt;"])
def test_an_id_that_a_customer_has_chosen_mentions_nobody_and_leads_nowhere(name: str) -> None:
    text = Text(f"Decide on {name}", f"Order {name}", "", "")
    written = str(message_of(text)["text"])
    assert as_read(written).replace("\N{WORD JOINER}", "") == f"*Decide on {name}*\nOrder {name}"


@pytest.mark.parametrize("name", ["@channel", "@all"])
def test_nor_does_it_in_chats_that_take_an_at_sign_for_a_name(name: str) -> None:
    assert name not in str(message_of(Text(name, name, "", ""))["text"])


@pytest.mark.parametrize("code", [429, 503])
def test_a_chat_that_is_busy_is_left_alone_for_as_long_as_it_says(provider: Provider, code: int) -> None:
    provider.script = [slack_answer(code, "rate_limited", "Retry-After: 30")]
    failed = failure(provider)
    assert failed.retryable and failed.retry_after is not None and failed.retry_after.total_seconds() == 30
    send(provider)
    assert len(provider.taken) == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [(400, "invalid_payload"), (403, "action_prohibited"), (404, "no_service"), (410, "channel_is_archived")],
)
def test_what_a_person_has_to_see_to_is_not_tried_again(provider: Provider, code: int, reason: str) -> None:
    provider.script = [slack_answer(code, reason)]
    failed = failure(provider)
    assert (str(failed), failed.retryable) == (f"the chat answers {code} ({reason})", False)


def test_what_is_no_reason_of_slacks_is_not_repeated(provider: Provider) -> None:
    provider.script = [slack_answer(400, "Order 1 is not welcome")]
    assert str(failure(provider)) == "the chat answers 400"


def test_an_address_that_slack_does_not_know_is_not_tried_again(provider: Provider) -> None:
    assert not failure(provider, "/services/wrong").retryable


def test_a_page_is_no_chat(provider: Provider) -> None:
    for page in (Trouble.GARBAGE, slack_answer(200, "\n<html>")):
        provider.script = [page]
        failed = failure(provider)
        said = "the chat answered with a web page: its address is not a webhook's"
        assert (str(failed), failed.retryable) == (said, False)


def test_no_redirect_is_followed(provider: Provider) -> None:
    provider.script = [slack_answer(307, "", f"Location: {PATH}")]
    assert not failure(provider).retryable
    assert provider.taken == []


@pytest.mark.parametrize("trouble", [Trouble.CUT_OFF, Trouble.LATE])
def test_a_message_whose_answer_is_lost_is_sent_again(
    provider: Provider, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.posting.ANSWER_SECONDS_MAX", 0.3)
    provider.script = [trouble]
    failed = failure(provider)
    assert failed.retryable and str(failed).startswith("the chat does not answer: ")
    send(provider)
    # As the runbook says: a chat has no idempotency keys.
    assert len(provider.taken) == 2


@pytest.mark.parametrize("url", ["", "unset", "http://hooks.chat.example/x", "https://hooks.chat.example", "nonsense"])
def test_without_an_https_address_nothing_is_sent_and_the_error_does_not_repeat_it(url: str) -> None:
    with pytest.raises(SettingsError, match="CHAT_WEBHOOK_URL") as error:
        channel_from(a_kit({"CHAT_WEBHOOK_URL": url}))
    assert not url or url not in str(error.value).replace("https://", "")


def test_the_address_is_shown_nowhere() -> None:
    channel = channel_from(a_kit({"CHAT_WEBHOOK_URL": f" {SECRET_URL}\n"}))
    assert getattr(channel.transport, "__self__", None) == Webhook(SECRET_URL)
    assert "hooks" not in repr(channel)


def test_the_emulators_need_no_address(tmp_path: Path) -> None:
    channel_from(a_kit({}, outbox=Outbox(tmp_path))).send({"text": "Refund order 1"}, "evt_1_chat_operator")
    assert json.loads((tmp_path / "evt_1_chat_operator.json").read_text()) == {"text": "Refund order 1"}


@pytest.mark.parametrize(
    ("path", "body", "refused"),
    [
        ("/services/wrong", b'{"text": "x"}', 404),
        (PATH, b"text=x", 400),
        (PATH, b'["x"]', 400),
        (PATH, b'{"text": ""}', 400),
        (PATH, b'{"text": "x"}', 200),
    ],
)
def test_the_stand_in_takes_what_slack_documents(provider: Provider, path: str, body: bytes, refused: int) -> None:
    answer = http_client.request(provider.origin + path, body, {"Content-Type": "application/json"})
    assert answer.status == refused
