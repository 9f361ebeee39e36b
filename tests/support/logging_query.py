"""Cloud Logging's query language, as far as the filters in monitoring/ use it; anything else is a SyntaxError.

https://cloud.google.com/logging/docs/view/logging-query-language. OR binds more tightly than AND. Everything but the
operators is case-insensitive, and a missing field equals nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

Entry = Mapping[str, Any]

SEVERITIES: Final = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")

_TOKEN: Final = re.compile(r'\s*("[^"\\]*"|[()]|>=|[=:>]|[\w.]+)')


class Query(Protocol):
    def matches(self, entry: Entry) -> bool: ...
    def wanted(self) -> Iterator["Comparison"]:
        """Every comparison by which an entry may be found: those without NOT."""


@dataclass(frozen=True, slots=True)
class Comparison:
    field: str
    operator: str
    value: str

    def matches(self, entry: Entry) -> bool:
        found: Any = entry
        for name in self.field.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is None:
            return False
        if self.field == "severity":
            return self._compare(SEVERITIES.index(found), SEVERITIES.index(self.value))
        if isinstance(found, bool):
            return self.operator == "=" and str(found).lower() == self.value
        if isinstance(found, int | float):
            return self._compare(found, float(self.value))
        if self.operator == ":":
            return self.value.casefold() in str(found).casefold()
        return self._compare(str(found).casefold(), self.value.casefold())

    def _compare(self, found: Any, value: Any) -> bool:
        return bool({"=": found == value, ">=": found >= value, ">": found > value}[self.operator])

    def wanted(self) -> Iterator["Comparison"]:
        yield self


@dataclass(frozen=True, slots=True)
class Not:
    query: Query

    def matches(self, entry: Entry) -> bool:
        return not self.query.matches(entry)

    def wanted(self) -> Iterator[Comparison]:
        return iter(())


@dataclass(frozen=True, slots=True)
class Several:
    """All or any of its parts."""

    queries: tuple[Query, ...]
    is_any: bool

    def matches(self, entry: Entry) -> bool:
        return (any if self.is_any else all)(query.matches(entry) for query in self.queries)

    def wanted(self) -> Iterator[Comparison]:
        return (comparison for query in self.queries for comparison in query.wanted())


def query_from(text: str) -> Query:
    """Raises SyntaxError."""
    tokens = _tokens(text)
    query = _all_of(tokens)
    if tokens:
        raise SyntaxError(f"{tokens[0]} is not expected in {text}")
    return query


def _tokens(text: str) -> list[str]:
    """In the order of the text."""
    tokens, end = [], 0
    while end < len(text):
        if not (token := _TOKEN.match(text, end)):
            raise SyntaxError(f"what is {text[end:]} in {text}?")
        tokens.append(token[1])
        end = token.end()
    return tokens


def _all_of(tokens: list[str]) -> Query:
    return _joined_by("AND", tokens, _any_of)


def _any_of(tokens: list[str]) -> Query:
    return _joined_by("OR", tokens, _term)


def _joined_by(word: str, tokens: list[str], part: Callable[[list[str]], Query]) -> Query:
    queries = [part(tokens)]
    while tokens[:1] == [word]:
        del tokens[0]
        queries.append(part(tokens))
    return queries[0] if len(queries) == 1 else Several(tuple(queries), is_any=word == "OR")


def _term(tokens: list[str]) -> Query:
    if not tokens:
        raise SyntaxError("something is missing")
    first = tokens.pop(0)
    if first == "NOT":
        return Not(_term(tokens))
    if first == "(":
        query = _all_of(tokens)
        _expect(")", tokens)
        return query
    operator = tokens.pop(0) if tokens else ""
    if operator not in ("=", ":", ">=", ">") or not re.fullmatch(r"[a-zA-Z_.]+", first):
        raise SyntaxError(f"{first} {operator} is no comparison")
    return _values(first, operator, tokens)


def _values(field: str, operator: str, tokens: list[str]) -> Query:
    """One value, or several of which any may match."""
    if tokens[:1] != ["("]:
        return Comparison(field, operator, _value(tokens))
    del tokens[0]
    comparisons = _joined_by("OR", tokens, lambda left: Comparison(field, operator, _value(left)))
    _expect(")", tokens)
    return comparisons


def _value(tokens: list[str]) -> str:
    value = tokens.pop(0) if tokens else ""
    if not re.fullmatch(r'"[^"]*"|[A-Z]+|[0-9.]+|true|false', value) or value in ("AND", "OR", "NOT"):
        raise SyntaxError(f"{value!r} is no value")
    return value.strip('"')


def _expect(token: str, tokens: list[str]) -> None:
    if tokens[:1] != [token]:
        raise SyntaxError(f"{token} is missing")
    del tokens[0]
