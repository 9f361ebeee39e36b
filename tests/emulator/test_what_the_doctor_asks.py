"""The doctor's queries of Firestore find effects that were given up or are overdue."""

import json
from datetime import timedelta

from google.cloud import firestore

from tests.support.builders import NOW
from tests.support.emulated_shop import write_all
from tests.support.http_client import request
from tools.deploying.google import Json
from tools.diagnosing.effects import OVERDUE, given_up, overdue


def test_the_doctor_finds_what_was_given_up_and_what_has_waited_for_too_long(
    firestore_client: firestore.Client, firestore_host: str
) -> None:
    long_ago, just_now = NOW - OVERDUE, NOW - OVERDUE + timedelta(microseconds=1)
    write_all(
        firestore_client,
        {
            **{f"effects/{state}_long_ago": an_effect(state, long_ago) for state in ("PENDING", "PROCESSING", "RETRY")},
            **{f"effects/{state}_just_now": an_effect(state, just_now) for state in ("PENDING", "PROCESSING", "RETRY")},
            **{f"effects/{state}": an_effect(state, None) for state in ("SUCCESS", "ERROR")},
        },
    )

    def found(query: Json) -> set[str]:
        address = (
            f"http://{firestore_host}/v1/projects/{firestore_client.project}/databases/(default)/documents:runQuery"
        )
        headers = {"Authorization": "Bearer owner", "Content-Type": "application/json"}
        answer = request(address, json.dumps(query).encode(), headers)
        assert answer.status == 200, answer.body
        names = [line["document"]["name"] for line in json.loads(answer.body) if "document" in line]
        return {name.rpartition("/")[2] for name in names}

    assert found(given_up()) == {"ERROR"}
    assert found(overdue(NOW)) == {"PENDING_long_ago", "PROCESSING_long_ago", "RETRY_long_ago"}


def an_effect(state: str, due_at: object) -> dict[str, object]:
    return {"kind": "mail", "state": state, "nextAttemptAt": due_at}
