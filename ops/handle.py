"""`./shop handle`: what waits for a person needs nobody any more."""

from typing import Final

import click

from database.documents.effects import effect_path
from database.documents.findings import finding_path
from database.documents.payments import payment_path
from database.documents.webhook_events import claim_path
from database.ids import is_document_id
from ops.acting import Act, How, said_how
from ops.carrying_out import carry_out
from ops.commands import Asked, command
from ops.exit_codes import Failed
from ops.lookup import REFUND_IDS
from ops.reading import Reader
from orders.operator_events import HandledKind
from reconciliation.finding import to_copy

_PATHS: Final = {
    HandledKind.EFFECT: effect_path,
    HandledKind.FINDING: finding_path,
    HandledKind.EVENT: claim_path,
}


@command("handle")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option(
    "--of",
    type=click.Choice([str(each) for each in HandledKind]),
    help="What kind of thing ID is, if several share it.",
)
@said_how
@click.pass_obj
def handle(asked: Asked, ids: tuple[str, ...], of: str | None, how: How) -> None:
    """Mark as handled what waits for a person.

    ID is an effect that was given up, a finding that somebody has looked into, or a parked event of Stripe's that
    nothing will ever settle. It leaves all lists and wakes nobody. No money, stock or order changes, and
    `./shop why` shows who handled it.

    A finding opens again if something else is found there. An event can still be settled by `./shop replay`.
    """
    if bad := [each for each in ids if not is_document_id(each)]:
        raise Failed(f"{bad[0]} is not a valid id.")
    acts = [
        Act("handle", some_id, {"of": of or str(_kind_of(some_id, asked.shop.reader))})
        for some_id in dict.fromkeys(ids)
    ]
    carry_out(asked, acts, how)


def _kind_of(some_id: str, reader: Reader) -> HandledKind:
    """What the id is of. Raises Failed, Transient."""
    there = reader.read(*(path(some_id) for path in (*_PATHS.values(), payment_path)))
    kinds = [kind for kind, path in _PATHS.items() if path(some_id) in there]
    if not kinds:
        nothing = f"There is no effect, no finding and no event {some_id}"
        if payment_path(some_id) in there or some_id.startswith(REFUND_IDS):
            # Most likely the payment is not needed or its refund failed, and somebody has paid it back in another way.
            why = to_copy("why", some_id)
            raise Failed(f"{nothing}: it is a payment or a refund. To see what waits for it, and what to do: {why}")
        raise Failed(f"{nothing}. `./shop status` lists what waits.")
    if len(kinds) > 1:
        raise Failed(f"{some_id} is the id of several things: add --of {' or --of '.join(kinds)}.")
    return kinds[0]
