"""`./shop retry`: what had to be done outside and was given up is tried again."""

import click

from database.ids import is_document_id
from ops.acting import Act, How, said_how
from ops.carrying_out import carry_out
from ops.commands import Asked, command
from ops.exit_codes import Failed


@command("retry")
@click.argument("effects", metavar="EFFECT...", nargs=-1, required=True)
@said_how
@click.pass_obj
def retry(asked: Asked, effects: tuple[str, ...], how: How) -> None:
    """Retry what was given up, for another day.

    EFFECT is a message, a refund, or the end of a session.

    The sweep performs it within minutes, with the same idempotency key. Providers keep such keys for a day: if a
    message is older, first check whether it was sent after all.
    """
    if bad := [each for each in effects if not is_document_id(each)]:
        raise Failed(f"{bad[0]} is not a valid effect id.")
    carry_out(asked, [Act("retry", effect) for effect in dict.fromkeys(effects)], how)
