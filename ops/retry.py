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
    """Try once more what was given up outside, for another day.

    That is a message, a refund, or the end of a session.

    The sweep does it, within minutes, under the same key as before. Whoever keeps such keys keeps them for a day: of a
    message that is older, look first whether it was sent after all.
    """
    if bad := [each for each in effects if not is_document_id(each)]:
        raise Failed(f"{bad[0]} cannot be the id of an effect.")
    carry_out(asked, [Act("retry", effect) for effect in dict.fromkeys(effects)], how)
