"""`./shop forget`: erases a customer, and keeps the books and the trail."""

from collections import Counter
from collections.abc import Sequence

import click

from database.ids import is_user_id
from ops.acting import How, said_how, signed_in_as
from ops.commands import Asked, command
from ops.forgetting import Act, Erasure, erase, erasures_of
from ops.page import Heading, Line, Page, Table, Tone

_OPEN = ("pending", "reserving", "reserved")


@command("forget")
@click.argument("user")
@said_how
@click.pass_obj
def forget(asked: Asked, user: str, how: How) -> None:
    """Erase the customer with the user id USER.

    Whatever names them is deleted, or loses the user id. Orders keep what was bought and paid, and the audit trail
    stays complete: docs/privacy.md says what stays, and what to do before and after. You can run this again at any
    time; it resumes where it was interrupted.
    """
    if not is_user_id(user):
        raise click.UsageError(f"{user!r} is not a valid user id.")
    client = asked.shop.client
    with asked.output.progress("Documents found") as progress:
        known: dict[tuple[str, Act], Erasure] = {}
        for erasure in erasures_of(user, client):
            known[erasure.path, erasure.act] = erasure
            progress.by(1)
    found = list(known.values())
    if how.is_done and (to_do := [each for each in found if each.act is not Act.STAYS]):
        _erase(to_do, asked, how)
    asked.output.show({"done": how.is_done, "documents": found}, _page(found, done=how.is_done))


def _erase(found: Sequence[Erasure], asked: Asked, how: How) -> None:
    """Erase all of it. It is recorded first: after the first order, nothing shows any more whose it was."""
    moment, client = asked.now(), asked.shop.client
    record = client.document(f"erasures/{moment:%Y%m%dT%H%M%S%fZ}")
    record.create(
        {
            "orders": [each.path.removeprefix("orders/") for each in found if each.status],
            "documents": len(found),
            "operator": how.operator or signed_in_as(asked.shop),
            "reason": how.reason,
            "createdAt": moment,
            "completedAt": None,
        }
    )
    with asked.output.progress("Documents erased", total=len(found)) as progress:
        for erasure in found:
            erase(erasure, client)
            progress.by(1)
    record.update({"completedAt": asked.now()})


def _page(found: list[Erasure], *, done: bool) -> Page:
    if not found:
        return (Line("Nothing names this customer.", Tone.GOOD),)
    rows = tuple((each.path, str(each.act)) for each in found)
    still_open = Counter(each.status for each in found if each.status in _OPEN)
    deleted = sum(each.act is Act.DELETE for each in found)
    count = Counter(each.act for each in found)
    said = f"{deleted} documents {'are' if done else 'would be'} deleted, {count[Act.TAKE_NAME_OUT]} lose the user id."
    page: Page = (Heading("Erased" if done else "To be erased"), Table(rows, ("document", "what")), Line(said))
    if count[Act.TAKE_REASON_OUT]:
        page = (*page, Line(f"{count[Act.TAKE_REASON_OUT]} documents lose an operator's reason."))
    if count[Act.STAYS]:
        stays = f"{count[Act.STAYS]} operators' reasons name them, and stay: decide whether that is acceptable."
        page = (*page, Line(stays, Tone.WARNING))
    if still_open:
        words = ", ".join(f"{count} {status}" for status, count in still_open.items())
        page = (*page, Line(f"Not finished yet: {words}. A pending order without a customer fails.", Tone.WARNING))
    return page if done else (*page, Line("Nothing was done. Add --yes --reason '…' to do it.", Tone.QUIET))
