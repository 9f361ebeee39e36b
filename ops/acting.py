"""Carries out an operator's request, or rehearses it on the real data, with the same code as the service."""

import secrets
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, wraps
from getpass import getuser
from typing import Final

import click
import google.auth
from google.auth.exceptions import GoogleAuthError

from database.documents.operator_requests import operator_request_path
from database.errors import AnswerTooLarge, RequestRefused
from database.rehearsal import Difference, RehearsalStore
from database.store import Create, DocumentStore
from ops.commands import Asked
from ops.connection import Shop
from ops.exit_codes import Failed
from orders.outcome import REQUESTS_REFUSED, Outcome, Transient
from service.wiring import answering, patience, settling

COMMIT_SECONDS_MAX: Final = 8.0
_NOT_SAID: Final = "not given: this is only a rehearsal"


@dataclass(frozen=True, slots=True)
class Act:
    """One request, without the person making it."""

    kind: str
    target: str
    """The id of what it is about."""
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class How:
    """Whether to do it, who asks and why; otherwise it is only rehearsed."""

    is_done: bool
    reason: str | None
    operator: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    act: Act
    outcome: Outcome

    @property
    def is_refused(self) -> bool:
        return self.outcome.result in REQUESTS_REFUSED


@dataclass(frozen=True, slots=True)
class Rehearsed:
    answers: Sequence[Answered]
    differences: Mapping[str, Difference]
    """How each document would change, by path."""


def said_how(function: Callable[..., object]) -> Callable[..., object]:
    """Adds `--yes --reason '…'` to a command that changes something, passed to it as `how`."""

    @wraps(function)
    def with_how(*words: object, yes: bool, reason: str | None, operator: str | None, **more: object) -> object:
        if yes and not (reason and reason.strip()):
            raise click.UsageError("--yes needs --reason '…', which stays in the audit trail.")
        return function(*words, how=How(yes, reason, operator), **more)

    given: Callable[..., object] = with_how
    for option in reversed(_OPTIONS):
        given = option(given)
    return given


_OPTIONS: Final = (
    click.option("--yes", is_flag=True, help="Do it. Without this, only show what would happen."),
    click.option("--reason", metavar="'…'", help="Why. It stays in the audit trail, so do not name a customer."),
    click.option("--operator", metavar="NAME", help="Who is asking; by default the account that is signed in."),
)


def rehearsed(asked: Asked, acts: Sequence[Act], how: How) -> Rehearsed:
    """The outcomes of the acts, one after the other. Nothing is written. Raises Transient."""
    store = RehearsalStore(asked.shop.store)
    said = {"operator": how.operator or _NOT_SAID, "reason": how.reason or _NOT_SAID}
    answers: list[Answered] = []
    for act in acts:
        request_id = _request_id()
        _ask(asked, store, request_id, act, said)
        answers.append(Answered(act, _answer(asked, store, request_id)))
    return Rehearsed(answers, store.differences)


def done(asked: Asked, acts: Sequence[Act], how: How) -> Iterator[Answered]:
    """Do the acts one after the other, and yield each outcome. Raises Failed, RequestRefused, click.UsageError."""
    said = {"operator": how.operator or signed_in_as(asked.shop), "reason": how.reason or ""}
    for act in acts:
        request_id, is_asked = _request_id(), False
        try:
            _ask(asked, asked.shop.store, request_id, act, said)
            is_asked = True
            outcome = _answer(asked, asked.shop.store, request_id)
        except (Transient, RequestRefused, AnswerTooLarge, KeyboardInterrupt) as problem:
            is_refused = isinstance(problem, RequestRefused) or isinstance(problem.__cause__, GoogleAuthError)
            if is_refused and not is_asked:
                raise
            # Asking again would be a second request.
            raise Failed(
                f"It is not known whether {act.kind} {act.target} was done ({str(problem) or 'interrupted'}). If "
                f"operatorRequests/{request_id} exists, its trigger does it; try again only if it does not."
            ) from problem
        yield Answered(act, outcome)


def _request_id() -> str:
    return secrets.token_hex(10)


def _ask(asked: Asked, store: DocumentStore, request_id: str, act: Act, said: Mapping[str, str]) -> None:
    fields = {"kind": act.kind, "target": act.target, **said, "createdAt": asked.now(), **act.parameters}
    store.commit((Create(operator_request_path(request_id), fields),), timeout_seconds=COMMIT_SECONDS_MAX)


def _answer(asked: Asked, store: DocumentStore, request_id: str) -> Outcome:
    terms = asked.shop.settings.terms
    settle = settling(store, terms, partial(_say, asked), patience())
    # Its trigger may be faster, and does the same: then this is the trigger's answer.
    return answering(store, settle, terms).answer(request_id, asked.now())


def _say(asked: Asked, _severity: str, message: str, *, trace: str | None = None, **_fields: object) -> None:
    """Shows what settling logs about parked events that it took up."""
    del trace
    asked.output.say(message)


def signed_in_as(shop: Shop) -> str:
    """The account of whoever started the command. Raises click.UsageError."""
    if shop.is_emulated:
        return getuser()
    credentials, _ = google.auth.default()
    account = getattr(credentials, "service_account_email", None) or getattr(credentials, "account", None)
    if account and account != "default":
        return str(account)
    try:
        asked = ("gcloud", "config", "get-value", "account", "--quiet")
        account = subprocess.run(asked, capture_output=True, check=True, text=True, timeout=30).stdout.strip()  # noqa: S603 - by name, as its user has it
    except (OSError, subprocess.SubprocessError):
        account = None
    if not account or account == "(unset)":
        raise click.UsageError("Who are you? Your sign-in does not say: add --operator NAME.")
    return str(account)
