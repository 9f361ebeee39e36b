"""The stand-in for Firebase Cloud Messaging keeps to its documentation."""

import json
from collections.abc import Mapping

import pytest

from notifications.push.fcm import body_for
from notifications.push.tests.fcm_api import ACCESS_TOKEN, BROWSER, MESSAGE, PHONE, PROJECT, fcm
from tests.support import http_client
from tests.support.provider import open_for_requests


@pytest.mark.parametrize(
    "changed",
    [
        {"topic": "all"},
        {"token": None},
        {"fid": BROWSER},
        {"data": {"number": 1}},
        {"notification": {"title": "x" * 5_000}},
        {"apns": {"headers": {"apns-collapse-id": "x" * 65}}},
        {"webpush": {"fcm_options": {"link": "http://shop.example"}}},
    ],
)
def test_the_stand_in_takes_what_fcm_documents(changed: Mapping[str, object]) -> None:
    message = {**body_for(PHONE, MESSAGE, "key")["message"], **changed}  # type: ignore[dict-item]
    body = json.dumps({"message": {name: value for name, value in message.items() if value is not None}}).encode()
    headers = {"Authorization": f"Bearer {ACCESS_TOKEN}", "Content-Type": "application/json"}
    with open_for_requests(fcm()) as provider:
        url = f"{provider.origin}/v1/projects/{PROJECT}/messages:send"
        answer = http_client.request(url, body, headers)
        assert (answer.status, provider.taken) == (400, [])
        assert http_client.request(url.replace(PROJECT, "other"), body, headers).status == 404
        assert http_client.request(url, body, {}).status == 401
