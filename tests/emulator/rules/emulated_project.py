"""One project of the Firestore emulator, used over REST as any client could.

The protocol: https://firebase.google.com/docs/firestore/reference/rest/v1/projects.databases.documents
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum, auto
from http import HTTPStatus
from types import NoneType
from typing import Any, Final, TypeAlias

from tests.support.http_client import Answer, request

_OWNER: Final = "Bearer owner"
"""The emulator exempts its owner from the rules."""
_WRITES: Final = frozenset({"set", "update", "delete"})
_KINDS: Final = {NoneType: "nullValue", bool: "booleanValue", int: "integerValue", str: "stringValue"}


class Special(Enum):
    """What a client may write to a field instead of a value."""

    REQUEST_TIME = auto()
    """The server's time when the write arrives."""
    REMOVED = auto()


Value: TypeAlias = "bool | int | str | datetime | list[Value] | dict[str, Value] | None"
Written: TypeAlias = "Value | Special"
Fields: TypeAlias = Mapping[str, Written]
Documents: TypeAlias = Mapping[str, Fields]
Json: TypeAlias = dict[str, Any]


class Operation(StrEnum):
    GET = auto()
    LIST = auto()
    """Queries one collection for documents whose fields equal the given ones."""
    LIST_EVERYWHERE = auto()
    """Queries all collections of this name."""
    SET = auto()
    """Creates or replaces the document."""
    UPDATE = auto()
    DELETE = auto()


@dataclass(frozen=True, slots=True)
class Attempt:
    claims: Mapping[str, Value] | None
    """The claims in the client's token; None without a token."""
    operation: Operation
    path: str
    fields: Fields = field(default_factory=dict)
    alongside: Documents = field(default_factory=dict)
    """Documents set in the same commit."""
    limit: int | None = None
    """The query's limit, if any."""
    offset: int = 0
    """How many documents the query skips."""


class EmulatedProject:
    """Each project has its own documents and rules, and exists once it is named."""

    def __init__(self, host: str, name: str) -> None:
        self._emulator = f"http://{host}/emulator/v1/projects/{name}"
        self._root = f"projects/{name}/databases/(default)/documents"
        self._documents = f"http://{host}/v1/{self._root}"
        self._holds: Documents | None = None
        """The documents that the project was reset to."""
        self._written: set[str] = set()
        """The paths written since."""

    def load_rules(self, source: str) -> None:
        self._call("PUT", f"{self._emulator}:securityRules", {"rules": {"files": [{"content": source}]}})

    def reset_to(self, documents: Documents) -> None:
        """Afterwards the project has exactly these documents."""
        if self._holds is not documents:
            self._call("DELETE", f"{self._emulator}/databases/(default)/documents")
            self._holds, self._written = documents, {*documents}
        writes = [
            self._set(path, documents[path]) if path in documents else {"delete": f"{self._root}/{path}"}
            for path in self._written
        ]
        if writes:
            self._call("POST", f"{self._documents}:commit", {"writes": writes})
        self._written.clear()

    def allows(self, attempt: Attempt) -> bool:
        """Make the attempt, and return whether the rules permit it."""
        token = None if attempt.claims is None else _unsigned_token(attempt.claims)
        answer = _sent(*self._request(attempt), token)
        if answer.status == HTTPStatus.FORBIDDEN:
            return False
        if answer.status == HTTPStatus.NOT_FOUND and attempt.operation is Operation.GET:
            # It does not exist, and the client may know that.
            return True
        if attempt.operation in _WRITES:
            self._written |= {attempt.path, *attempt.alongside}
        _raise_unless_ok(answer)
        return True

    def rule_coverage(self) -> Json:
        """How often each expression of the rules had each value, since they were loaded."""
        coverage: Json = self._call("GET", f"{self._emulator}:ruleCoverage")
        return coverage

    def _request(self, attempt: Attempt) -> tuple[str, str, Json | None]:
        path, fields = attempt.path, attempt.fields
        alongside = (self._set(*document) for document in attempt.alongside.items())
        match attempt.operation:
            case Operation.GET:
                return "GET", f"{self._documents}/{path}", None
            case Operation.LIST:
                parent, _, collection = f"/{path}".rpartition("/")
                return (
                    "POST",
                    f"{self._documents}{parent}:runQuery",
                    _query(collection, fields, attempt.limit, attempt.offset),
                )
            case Operation.LIST_EVERYWHERE:
                return "POST", f"{self._documents}:runQuery", _query(path, fields, everywhere=True)
            case Operation.SET:
                return self._commit(*alongside, self._set(path, fields))
            case Operation.UPDATE:
                return self._commit(*alongside, self._update(path, fields))
            case Operation.DELETE:
                return self._commit({"delete": f"{self._root}/{path}"})

    def _commit(self, *writes: Json) -> tuple[str, str, Json | None]:
        return "POST", f"{self._documents}:commit", {"writes": writes}

    def _set(self, path: str, fields: Fields) -> Json:
        values = {name: _encoded(value) for name, value in fields.items() if not isinstance(value, Special)}
        return {
            "update": {"name": f"{self._root}/{path}", "fields": values},
            "updateTransforms": [
                {"fieldPath": name, "setToServerValue": "REQUEST_TIME"}
                for name, value in fields.items()
                if value is Special.REQUEST_TIME
            ],
        }

    def _update(self, path: str, fields: Fields) -> Json:
        # A field in the mask but not in the document is deleted.
        named = [name for name, value in fields.items() if value is not Special.REQUEST_TIME]
        only_these = {"updateMask": {"fieldPaths": named}, "currentDocument": {"exists": True}}
        return self._set(path, fields) | only_these

    def _call(self, method: str, url: str, body: Json | None = None) -> Any:
        answer = _sent(method, url, body, _OWNER)
        _raise_unless_ok(answer)
        return json.loads(answer.body)


def _sent(method: str, url: str, body: Json | None, token: str | None) -> Answer:
    headers = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
    return request(url, None if body is None else json.dumps(body).encode(), headers, method=method)


def _raise_unless_ok(answer: Answer) -> None:
    if answer.status != HTTPStatus.OK:
        raise RuntimeError(f"the emulator answered {answer.status}: {answer.body!r}")


def _query(
    collection: str, fields: Fields, limit: int | None = None, offset: int = 0, *, everywhere: bool = False
) -> Json:
    query: Json = {"from": [{"collectionId": collection, "allDescendants": everywhere}]}
    equalities = [
        {"fieldFilter": {"field": {"fieldPath": name}, "op": "EQUAL", "value": _encoded(value)}}
        for name, value in fields.items()
        if not isinstance(value, Special)
    ]
    if equalities:
        query["where"] = {"compositeFilter": {"op": "AND", "filters": equalities}}
    if limit is not None:
        query["limit"] = limit
    if offset:
        query["offset"] = offset
    return {"structuredQuery": query}


def _encoded(value: Value) -> Json:
    match value:
        case datetime():
            return {"timestampValue": value.isoformat()}
        case list():
            return {"arrayValue": {"values": [_encoded(element) for element in value]}}
        case dict():
            return {"mapValue": {"fields": {name: _encoded(element) for name, element in value.items()}}}
        case _:
            return {_KINDS[type(value)]: value}


def _unsigned_token(claims: Mapping[str, Value]) -> str:
    """Accepted only by the emulator: https://firebase.google.com/docs/emulator-suite/connect_auth."""
    header, payload = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none", "typ": "JWT"}, claims)
    )
    return f"Bearer {header}.{payload}."
