"""`./shop forget`: erases a customer, and keeps the books and the trail."""

from collections import Counter

import click

from database.ids import is_user_id
from ops.commands import Asked, command
from ops.forgetting import Act, Erasure, erase, erasures_of
from ops.page import Heading, Line, Page, Table, Tone

_OPEN = ("pending", "reserving", "reserved")


@command("forget")
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do it. Nothing brings back what is deleted.")
@click.option("--reason", help="Why, for the record: it must not name the customer.")
@click.pass_obj
def forget(asked: Asked, user: str, *, yes: bool, reason: str | None) -> None:
    """Erase the customer with the user id USER.

    What names them is deleted, or loses the user id. Orders keep what was bought and paid, and the audit trail stays
    whole: docs/privacy.md says what stays, and what is to be done before and after. It can be run again at any time.
    """
    if not is_user_id(user):
        raise click.UsageError(f"{user!r} can be no customer's user id.")
    if yes and not (reason and reason.strip()):
        raise click.UsageError("Say --reason, too.")
    client = asked.shop.client
    by_path: dict[str, Erasure] = {}
    with asked.output.progress("Documents") as progress:
        for erasure in erasures_of(user, client):
            by_path[erasure.path] = erasure
            if yes:
                erase(erasure, client)
            progress.by(1)
    found = list(by_path.values())
    if yes and found:
        orders = [each.path.removeprefix("orders/") for each in found if each.status]
        moment = asked.now()
        record = {"orders": orders, "documents": len(found), "reason": reason, "createdAt": moment}
        client.document(f"erasures/{moment:%Y%m%dT%H%M%S%fZ}").create(record)
    asked.output.show({"done": yes, "documents": found}, _page(found, done=yes))


def _page(found: list[Erasure], *, done: bool) -> Page:
    if not found:
        return (Line("Nothing names this customer.", Tone.GOOD),)
    rows = tuple((each.path, str(each.act)) for each in found)
    still_open = Counter(each.status for each in found if each.status in _OPEN)
    deleted = sum(each.act is Act.DELETE for each in found)
    said = f"{deleted} documents {'are' if done else 'would be'} deleted, {len(found) - deleted} lose the user id."
    page: Page = (Heading("Erased" if done else "To be erased"), Table(rows, ("document", "what")), Line(said))
    if still_open:
        words = ", ".join(f"{count} {status}" for status, count in still_open.items())
        page = (*page, Line(f"Not over yet: {words}. A pending order without a customer fails.", Tone.WARNING))
    return page if done else (*page, Line("Nothing is changed. To do it, add --yes --reason TEXT.", Tone.QUIET))
