"""Pushes one message to several devices by Firebase Cloud Messaging, and deletes the tokens of dead ones."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from database.documents.fcm_tokens import dead_token_write, fcm_token_path
from database.store import Document, DocumentStore
from effects.outside import Failed, Skipped
from notifications.posting import Post, answers_to
from notifications.push.fcm import Fate, Outcome, body_for, outcome_of
from orders.frozen import frozen
from orders.outcome import StoreUnavailable, Transient

ORIGIN: Final = "https://fcm.googleapis.com"
# With `posting.ANSWER_SECONDS_MAX`, no more than `channels.SEND_SECONDS_MAX`.
_READ_SECONDS_MAX: Final = 2.0
_TOKEN_SECONDS_MAX: Final = 1.5
_FORGET_SECONDS_MAX: Final = 1.5


@frozen
class Devices:
    """The devices of one Firebase project's apps."""

    project: str
    authorization: Callable[[float], Mapping[str, str]]
    """Returns the headers that authorize a call, within this many seconds. Raises StoreUnavailable."""
    store: DocumentStore
    origin: str = ORIGIN

    def send(self, message: Mapping[str, Any], key: str) -> Skipped | None:
        """Push the message to all its devices that are still registered; Skipped if none can be reached any more.

        If one has to be tried again, all are: on the others, the second message replaces the first.

        Raises:
            Failed: a retry may reach some device; or none was reached, and none will be.
            Transient: the database did not say which devices are registered.
        """
        user_id, tokens = str(message["userId"]), cast("Sequence[str]", message["tokens"])
        devices = self._registered(user_id, tokens)
        posts = self._posts(devices, message, key) if devices else []
        outcomes = dict(zip(devices, map(outcome_of, answers_to(posts, "FCM")), strict=True))
        self._forget(user_id, {token: devices[token] for token, of in outcomes.items() if of.fate is Fate.DEAD})
        return _ending(list(outcomes.values()))

    def _registered(self, user_id: str, tokens: Sequence[str]) -> Mapping[str, Document]:
        """The devices that are still registered: one that has signed out since then is left out."""
        paths = {token: fcm_token_path(user_id, token) for token in tokens}
        found = self.store.read(list(paths.values()), timeout_seconds=_READ_SECONDS_MAX)
        return {token: device for token, path in paths.items() if (device := found[path])}

    def _posts(self, tokens: Iterable[str], message: Mapping[str, Any], key: str) -> list[Post]:
        try:
            headers = {"Content-Type": "application/json", **self.authorization(_TOKEN_SECONDS_MAX)}
        except StoreUnavailable as error:
            raise Failed("there is no access token for FCM", retryable=True) from error
        url = f"{self.origin}/v1/projects/{self.project}/messages:send"
        return [Post(url, json.dumps(body_for(token, message, key)).encode(), headers) for token in tokens]

    def _forget(self, user_id: str, dead: Mapping[str, Document]) -> None:
        """Only if it is easy: the next message finds them dead again."""
        writes = [dead_token_write(user_id, token, device) for token, device in dead.items()]
        if writes:
            with suppress(Transient):
                self.store.commit(writes, timeout_seconds=_FORGET_SECONDS_MAX)


def _ending(outcomes: Sequence[Outcome]) -> Skipped | None:
    if passing := [each for each in outcomes if each.fate is Fate.UNKNOWN]:
        pauses = [each.retry_after for each in passing if each.retry_after]
        reason = f"{passing[0].reason} ({len(passing)} of {len(outcomes)} devices)"
        raise Failed(reason, retryable=True, retry_after=max(pauses, default=None))
    if any(each.fate is Fate.REACHED for each in outcomes):
        return None
    if refused := [each for each in outcomes if each.fate is Fate.REFUSED]:
        raise Failed(refused[0].reason, retryable=False)
    return Skipped("none of the customer's devices can be reached any more")
