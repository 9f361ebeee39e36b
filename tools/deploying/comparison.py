"""Compares what is wanted with what exists: what a deployment changes, deletes, and has left out."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.environment import UNSET
from tools.deploying import rights
from tools.deploying.found import Found, caller_of
from tools.deploying.wanted import Function, Wanted


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that should exist and does not."""

    what: str
    mended_by: str | None
    """The function to deploy by name to fix it; None if no deployment does."""
    by_hand: str | None = None
    """The command that fixes it, too, or is the only way."""

    def __str__(self) -> str:
        return f"{self.what}: {self.by_hand}" if self.by_hand else self.what


def changes(wanted: Wanted, found: Found) -> list[str]:
    """What is new or may change, one line each."""
    return [
        *(
            f"function {one.name} in {one.region}: "
            + ("updated, if code or settings differ" if (one.region, one.name) in found.functions else "new")
            for one in wanted.functions
        ),
        *(f"secret {name}: new, and {UNSET}" for name in sorted(found.absent_secrets)),
        *(f"{name}: {'changed' if name in found.indexing else 'new'}" for name in other_indexing(wanted, found)),
        *([] if found.rules == wanted.rules else ["security rules: " + ("replaced" if found.rules else "new")]),
    ]


def other_indexing(wanted: Wanted, found: Found) -> list[str]:
    """The names of what is not indexed as it should be."""
    return [name for name, how in sorted(wanted.indexing.items()) if found.indexing.get(name) != how]


def deletions(wanted: Wanted, found: Found) -> list[str]:
    """What exists but is no longer in this folder: deploying would delete it without asking."""
    ours = {(one.region, one.name) for one in wanted.functions}
    return [
        *(f"function {name} in {region}" for region, name in sorted(found.functions.keys() - ours)),
        *sorted(found.indexing.keys() - wanted.indexing.keys()),
    ]


def replacements(wanted: Wanted, found: Found) -> list[str]:
    """What somebody else has deployed where this folder's own would come."""
    is_first = not any((one.region, one.name) in found.functions for one in wanted.functions)
    are_foreign = is_first and found.rules not in (None, wanted.rules)
    return [
        *(f"function {name} in {region}" for region, name in sorted(found.foreign)),
        *(["security rules"] if are_foreign else []),
    ]


def gaps(wanted: Wanted, found: Found) -> list[Gap]:
    """What a deployment should have created, and has not.

    Only for functions: the Firebase tools compare rules and indexes completely every time.
    """
    return [gap for function in wanted.functions for gap in _of_function(function, found)]


def _of_function(function: Function, found: Found) -> Iterator[Gap]:
    there = found.functions.get((function.region, function.name))
    if there is None or there["state"] != "ACTIVE":
        yield Gap(f"the function {function.name}" + (f", which is {there['state']}" if there else ""), function.name)
        return
    if there["serviceConfig"].get("serviceAccountEmail") != function.account:
        yield Gap(f"the account of {function.name}, {function.account}", function.name)
    invokers = found.invokers[function.name]
    for member in sorted(function.invokers - invokers):
        yield Gap(f"who may call {function.name}: {member}", function.name)
    for member in sorted(invokers - function.invokers):
        service = there["serviceConfig"]["service"].rpartition("/")[2]
        yield Gap(
            f"private access to {function.name}, which {member} may call",
            # The Firebase tools set these as a whole, and do not touch others.
            function.name if function.invokers else None,
            f"gcloud run services remove-iam-policy-binding {service} "
            f"--region={function.region} --member={member} --role={rights.INVOKER}",
        )
    if function.is_scheduled:
        yield from _of_job(function, found)


def _of_job(function: Function, found: Found) -> Iterator[Gap]:
    job = found.jobs.get(function.job)
    if job is None:
        yield Gap(f"the schedule of {function.name}", function.name)
    elif caller_of(job) != function.account:
        # The Firebase tools compare only a schedule's times.
        yield Gap(
            f"the account of the schedule of {function.name}",
            None,
            f"gcloud scheduler jobs delete {function.job} --location={function.region}, and deploy again",
        )
