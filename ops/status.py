"""`./shop status` and `./shop watch`: what waits for a person, once or again and again."""

import time
from collections.abc import Callable

import click
from rich.console import Group
from rich.live import Live

from ops.attention import concerns_of
from ops.attention_page import needs_person, page_of
from ops.commands import Asked, command
from ops.exit_codes import ExitCode, Failed
from ops.output import renderable, spaced
from orders.outcome import Transient


@command("status")
@click.pass_context
def status(context: click.Context) -> None:
    """Show what waits for a person.

    How many things, since when, and how much money is involved. Exits with 3 if anything waits, else with 0.
    """
    asked: Asked = context.obj
    now = asked.now()
    concerns = concerns_of(asked.shop.reader, asked.shop.settings.terms, now)
    asked.output.show({"at": now, "concerns": concerns}, page_of(concerns, asked.shop.project, now))
    if needs_person(concerns):
        context.exit(ExitCode.FOUND)


@command("watch")
@click.option(
    "--every",
    type=click.IntRange(2, 3_600),
    default=15,
    show_default=True,
    metavar="SECONDS",
    help="How often to refresh.",
)
@click.pass_obj
def watch(asked: Asked, every: int) -> None:
    """Keep `status` on the screen, until Ctrl-C."""
    if not asked.output.screen.is_terminal:
        raise Failed("watch needs a terminal; `./shop status` shows the same once.")
    with Live(console=asked.output.screen, auto_refresh=False) as live:
        kept_up(lambda: live.update(frame(asked), refresh=True), every, time.sleep)


def kept_up(show: Callable[[], None], every: int, pause: Callable[[float], None]) -> None:
    """Show it repeatedly, until Ctrl-C."""
    try:
        while True:
            show()
            pause(every)
    except KeyboardInterrupt:
        return


def frame(asked: Asked) -> Group:
    """What to show now; if the database does not answer, that."""
    now = asked.now()
    try:
        concerns = concerns_of(asked.shop.reader, asked.shop.settings.terms, now)
    except Transient as problem:
        return Group(f"Firestore does not answer at {now:%H:%M:%S} UTC: {problem}")
    page = page_of(concerns, asked.shop.project, now)
    return Group(*(renderable(asked.output.in_project(part)) for part in spaced(page)))
