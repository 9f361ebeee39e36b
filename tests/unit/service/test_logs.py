"""Log lines as Cloud Logging reads them."""

import io
import json

import pytest

from effects.attempt import Attempt, Ending
from effects.effect import EffectState, StoredEffect
from orders.outcome import Outcome, Result
from service.logs import JsonLog, line_of, log_attempt, log_settled
from tests.support.builders import NOW
from tests.support.effects import A_MAIL
from tests.support.recording import RecordingLog
from tests.support.refunds import an_updated_refund

TRACE_ID = "105445aa7843bc8bf206b12000100000"
TRACE = "logging.googleapis.com/trace"


def logged_line(*, trace: str | None = None, project: str | None = "shop", **fields: object) -> dict[str, object]:
    """The only line that was logged."""
    stream = io.StringIO()
    JsonLog(stream, project=project)("INFO", "a message", trace=trace, **fields)
    written = stream.getvalue()
    assert written.endswith("\n")
    assert len(written.splitlines()) == 1
    line: dict[str, object] = json.loads(written)
    return line


def test_a_line_has_a_severity_a_message_and_its_fields() -> None:
    assert logged_line(eventId="evt_1", latencyMs=1.5) == {
        "severity": "INFO",
        "message": "a message",
        "eventId": "evt_1",
        "latencyMs": 1.5,
    }


@pytest.mark.parametrize("text", ["two\nlines", "\r\n", "\u2028", "\ud800", '"quoted"'], ids=ascii)
def test_whatever_it_says_it_stays_one_line(text: str) -> None:
    assert logged_line(note=text)["note"] == text


@pytest.mark.parametrize("header", [TRACE_ID, f"{TRACE_ID}/123", f"{TRACE_ID}/123;o=1"])
def test_a_request_is_found_by_its_trace(header: str) -> None:
    assert logged_line(trace=header)[TRACE] == f"projects/shop/traces/{TRACE_ID}"


@pytest.mark.parametrize("header", [None, "", "/", "nonsense", TRACE_ID[:-1], TRACE_ID + "0", f"{TRACE_ID}x/1"])
def test_what_is_no_trace_or_of_no_project_is_left_out(header: str | None) -> None:
    assert TRACE not in logged_line(trace=header)
    assert TRACE not in logged_line(trace=TRACE_ID, project=None)


def test_a_line_is_written_in_one_piece_and_at_once() -> None:
    class Stream(io.StringIO):
        calls: list[str] = []  # noqa: RUF012 - one stream only

        def write(self, text: str) -> int:
            self.calls.append(text)
            return len(text)

        def flush(self) -> None:
            self.calls.append("flush")

    stream = Stream()
    JsonLog(stream, project=None)("INFO", "a message")
    assert stream.calls == ['{"severity": "INFO", "message": "a message"}\n', "flush"]


def settled_line(outcome: Outcome) -> dict[str, object]:
    """The line about a refund that named only its payment."""
    stream = io.StringIO()
    log_settled(JsonLog(stream, project=None), an_updated_refund("evt_7"), outcome)
    line: dict[str, object] = json.loads(stream.getvalue())
    return line


def test_a_settled_event_leaves_its_result_and_the_ids_to_find_it_by() -> None:
    assert settled_line(Outcome(Result.REFUND_FAILED, "order-1", "sold_again: 1 of 'hat'")) == {
        "severity": "WARNING",
        "message": "refund_failed: sold_again: 1 of 'hat'",
        "eventId": "evt_7",
        "eventType": "refund.updated",
        "orderId": "order-1",
        "result": "refund_failed",
    }


def test_a_note_of_any_length_leaves_a_line_that_cloud_logging_takes() -> None:
    line = settled_line(Outcome(Result.REFUND_DUE, "order-1", "x" * 300_000))
    assert line["message"] == f"refund_due: {'x' * 1_488}"


GRAVE = {
    Result.ERROR: "ERROR",
    Result.ORDER_NOT_FOUND: "ERROR",
    Result.REFUND_DUE: "WARNING",
    Result.QUARANTINED: "WARNING",
    Result.PAYMENT_NOT_FOUND: "WARNING",
    Result.REHEARSED: "INFO",
}
"""Results of the same severity with or without a note; for all others, a note makes a warning."""


@pytest.mark.parametrize("result", Result)
def test_a_result_is_as_grave_as_it_is_and_a_note_is_worth_a_warning_at_least(result: Result) -> None:
    assert line_of(Outcome(result, "order-1")) == (GRAVE.get(result, "INFO"), str(result))
    assert line_of(Outcome(result, "order-1", "why")) == (GRAVE.get(result, "WARNING"), f"{result}: why")


def attempt_line(ending: Ending, reason: str | None = None, fault: Exception | None = None) -> dict[str, object]:
    """The line about the second attempt to send a mail."""
    log, stored = RecordingLog(), StoredEffect(A_MAIL, EffectState.PROCESSING, 2, NOW, payload=None, version=1)
    log_attempt(log, Attempt(ending, stored, reason, fault))
    [line] = log.lines
    return line


@pytest.mark.parametrize(
    ("ending", "reason", "severity", "message"),
    [
        (Ending.DONE, None, "INFO", "mail: effect_done"),
        (Ending.SKIPPED, "no address", "INFO", "mail: no address"),
        (Ending.RETRIED, "503", "WARNING", "mail: 503"),
        (Ending.GIVEN_UP, "x" * 300_000, "ERROR", f"mail: {'x' * 1_494}"),
    ],
)
def test_an_attempt_leaves_how_it_ended_and_the_ids_to_find_it_by(
    ending: Ending, reason: str | None, severity: str, message: str
) -> None:
    ids = {"effectId": "evt_1_mail_customer", "kind": "mail", "orderId": "order-1", "attempts": 2}
    assert attempt_line(ending, reason) == {"severity": severity, "message": message, **ids, "result": str(ending)}


def test_a_bug_in_an_attempt_is_an_error_with_its_trace() -> None:
    with pytest.raises(KeyError) as raised:
        dict[str, str]()["of ours"]
    line = attempt_line(Ending.RETRIED, "KeyError", raised.value)
    assert (line["severity"], line["message"]) == ("ERROR", "mail: KeyError")
    assert str(line["stack_trace"]).startswith("Traceback (most recent call last):\n  File ")
