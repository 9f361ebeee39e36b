"""What a deployment changes, deletes, and has left out: what is wanted beside what is there."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.environment import UNSET
from tools.deploying import rights
from tools.deploying.found import Found, caller_of
from tools.deploying.wanted import Function, Wanted


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that should be there and is not."""

    what: str
    mended_by: str | None
    """The function that has to be deployed by name for it; None if no deployment mends it."""
    by_hand: str | None = None
    """The command that mends it as well, or alone."""

    def __str__(self) -> str:
        return f"{self.what}: {self.by_hand}" if self.by_hand else self.what


def changes(wanted: Wanted, found: Found) -> list[str]:
    """What is new or may change, a line for each."""
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
    """What is not indexed as it should be, by name."""
    return [name for name, how in sorted(wanted.indexing.items()) if found.indexing.get(name) != how]


def deletions(wanted: Wanted, found: Found) -> list[str]:
    """What is there and is in this folder no more: deployed without a question, it would be deleted."""
    ours = {(one.region, one.name) for one in wanted.functions}
    return [
        *(f"function {name} in {region}" for region, name in sorted(found.functions.keys() - ours)),
        *sorted(found.indexing.keys() - wanted.indexing.keys()),
    ]


def gaps(wanted: Wanted, found: Found) -> list[Gap]:
    """What a deployment should have left behind, and has not.

    Of functions alone: rules and indexes the Firebase tools compare each time, with all that belongs to them.
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
            f"that nobody else may call {function.name}, as {member} may",
            # These the Firebase tools set as a whole; of all others they touch none.
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
        # The Firebase tools compare a schedule's times alone.
        yield Gap(
            f"the account of the schedule of {function.name}",
            None,
            f"gcloud scheduler jobs delete {function.job} --location={function.region}, and deploy again",
        )
