"""What must be true of every commit, if operators replay events, and mark as handled what waits for a person."""

from collections.abc import Iterator, Mapping
from typing import Any

Fields = Mapping[str, Any]
Before = Mapping[str, Fields | None]
After = Mapping[str, Fields]


def wrongs_of_commit(before: Before, after: After) -> Iterator[str]:
    """What it must not do, or not without something else in the same commit.

    Args:
        before: the documents that it has written, as they were; None if there was none.
        after: these, as they are.
    """
    answers = {path: fields for path, fields in after.items() if path.startswith("operatorRequests/")}
    for path, answer in answers.items():
        if (before[path] or {}).get("settledAt"):
            yield f"{path}: answered again: {answer}"
        if answer["kind"] == "replay":
            yield from _of_replay(path, answer, after)
        if answer["kind"] == "handle":
            yield from _of_handling(path, answer, after)
    replays = (answer for answer in answers.values() if answer["kind"] == "replay")
    replayed = {answer["target"] for answer in replays if answer["result"] != "not_replayed"}
    for path, fields in after.items():
        collection, _, key = path.partition("/")
        was = before[path] or {}
        if collection == "effects" and "handledAt" in was:
            yield f"{path}: handled, and written again: {fields}"
        if collection in ("auditLog", "webhookEvents") and key not in replayed:
            if was.get("result") == "handled" != fields["result"]:
                yield f"{path}: handled, and nobody has it replayed: {fields}"
            if collection == "auditLog" and fields["webhookProcessed"] and fields.get("operator"):
                yield f"{path}: settled for somebody who is not answered: {fields}"


def _of_replay(path: str, answer: Fields, after: After) -> Iterator[str]:
    """Its answer comes with the settled event, or says why nothing settles it."""
    entry, act = after.get(f"auditLog/{answer['target']}"), after.get(_act_of(path))
    if answer["result"] == "not_replayed":
        if entry or not act or not answer["note"]:
            yield f"{path}: not replayed: {answer}, with {entry} and {act}"
    elif act or not entry or not entry["webhookProcessed"] or not _agree(answer, entry):
        yield f"{path}: replayed: {answer}, with {entry} and {act}"


def _of_handling(path: str, answer: Fields, after: After) -> Iterator[str]:
    """What it names becomes so in the commit that says so, or stays as it is."""
    effect, entry, claim = (
        after.get(f"{each}/{answer['target']}") for each in ("effects", "auditLog", "webhookEvents")
    )
    is_effect = bool(effect and effect["state"] == "SUCCESS" and effect["error"] and effect.get("handledAt"))
    is_event = bool(entry and claim and claim["processed"] and claim["result"] == "handled" and _agree(answer, entry))
    if answer["result"] == "handled":
        is_so = (is_effect, is_event) == (answer["of"] == "effect", answer["of"] == "event")
    else:
        is_so = answer["result"] == "not_handled" and bool(answer["note"]) and not (effect or entry or claim)
    act = after.get(_act_of(path))
    if not is_so or not act or not _agree(answer, act):
        yield f"{path}: answered {answer}, and written is {effect}, {entry}, {claim} and {act}"


def _act_of(path: str) -> str:
    return f"auditLog/operator_{path.partition('/')[2]}"


def _agree(answer: Fields, entry: Fields) -> bool:
    """Whether both record the same result, operator and reason."""
    return all(answer[name] == entry.get(name) for name in ("result", "operator", "reason"))
