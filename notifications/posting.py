"""Ask a provider over HTTP: once, within so many seconds, and without a word of what was sent in any error.

By `requests`, which is deployed anyway, with google-auth. Its own errors name the address: of some, that is the secret.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import field
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import requests
from requests.adapters import HTTPAdapter

from effects.outside import Failed
from orders.frozen import frozen
from orders.numbers import pause_from

ANSWER_SECONDS_MAX: Final = 5.0
"""How long an answer may take, with everything on the way to it; or several, which are asked for at once."""
_CONNECT_SECONDS_MAX: Final = 3.0
_ANSWER_BYTES_MAX: Final = 64 * 1024
"""Of a body. Providers say in less than a thousand what has become of a message."""
_PASSING: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


@frozen
class Post:
    """It shows nothing of itself: all of it is a secret, or a customer's."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@frozen
class Answer:
    code: int
    body: bytes = b""
    """As much of it as came, and is read: that a message was taken, the code alone has to say."""
    retry_after: timedelta | None = None
    """How long the provider asks to be left alone."""

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.code < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_passing(self) -> bool:
        """Whether another try can help, as far as the code says."""
        return self.code in _PASSING or self.code >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def fields(self) -> Mapping[str, object]:
        """The JSON object in the body; empty if there is none."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}


def answer_to(post: Post, provider: str) -> Answer:
    """What the provider answers, whatever it is.

    Raises:
        Failed: it does not answer in time. Nobody knows whether it has done what it was asked for.
    """
    (answer,) = answers_to([post], provider)
    if isinstance(answer, Failed):
        raise answer
    return answer


def answers_to(posts: Sequence[Post], provider: str) -> list[Answer | Failed]:
    """What the provider answers to each, all asked for at once, on new connections.

    A connection that was kept may have died while the instance was frozen, and then nobody would know what has
    become of the message. Each step has a limit, and so has the whole: an answer can come byte by byte.
    """
    with _session(len(posts)) as session:
        threads = ThreadPoolExecutor(max(len(posts), 1))
        try:
            asked = [threads.submit(_answer, session, post, provider) for post in posts]
            done, _ = wait(asked, ANSWER_SECONDS_MAX)
            return [each.result() if each in done else _silence(provider, "Timeout") for each in asked]
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _session(connections: int) -> requests.Session:
    session = requests.Session()
    # A password file (~/.netrc) would take the secret's place, and no proxy is between us and a provider.
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=max(connections, 1)))
    return session


def _answer(session: requests.Session, post: Post, provider: str) -> Answer | Failed:
    try:
        # No redirect is followed: it would take the secret elsewhere.
        answered = session.post(
            post.url,
            data=post.body,
            headers=dict(post.headers),
            timeout=(_CONNECT_SECONDS_MAX, ANSWER_SECONDS_MAX),
            allow_redirects=False,
            stream=True,
        )
    except requests.RequestException as error:
        return _silence(provider, type(error).__name__)
    with answered:
        return Answer(answered.status_code, _body_of(answered), pause_from(answered.headers.get("Retry-After")))


def _body_of(answered: requests.Response) -> bytes:
    body = b""
    with suppress(requests.RequestException):
        for part in answered.iter_content(4096):
            body += part
            if len(body) > _ANSWER_BYTES_MAX:
                break
    return body


def _silence(provider: str, error: str) -> Failed:
    return Failed(f"{provider} does not answer: {error}", retryable=True)
