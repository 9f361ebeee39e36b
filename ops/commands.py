"""What all commands share: --project and --json before or after the name, and exit codes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import click

from ops.connection import Shop, open_shop, problems_in_words
from ops.exit_codes import Failed
from ops.output import Output


@dataclass
class Asked:
    """What a command gets by `@click.pass_obj`."""

    project: str | None = None
    as_json: bool = False
    open: Callable[[str | None], Shop] = field(default=open_shop, repr=False)
    clock: Callable[[Shop], datetime] = Shop.now

    @cached_property
    def shop(self) -> Shop:
        """The shop, opened on first use."""
        return self.open(self.project)

    def now(self) -> datetime:
        """The time by which acts are dated: the same for all operators, whatever their computers say."""
        return self.clock(self.shop)

    @cached_property
    def output(self) -> Output:
        return Output(as_json=self.as_json, project=self.project)


def options() -> Sequence[click.Option]:
    """Options allowed before and after a command; after it, they override."""
    return (
        click.Option(
            ["--project"],
            metavar="ID",
            expose_value=False,
            callback=_take_project,
            help="The shop's Google Cloud project, or its alias in .firebaserc; by default "
            "GOOGLE_CLOUD_PROJECT, then .firebaserc's default.",
        ),
        click.Option(
            ["--json", "as_json"],
            is_flag=True,
            expose_value=False,
            callback=_take_json,
            help="Print data for programs, as JSON.",
        ),
    )


def _take_project(context: click.Context, _option: click.Parameter, named: str | None) -> None:
    if named:
        context.ensure_object(Asked).project = named


def _take_json(context: click.Context, _option: click.Parameter, is_wanted: bool) -> None:  # noqa: FBT001 - as click calls it
    if is_wanted:
        context.ensure_object(Asked).as_json = True


def _check_texts(given: Iterable[object]) -> None:
    """Text that a terminal sends in another encoding can be neither stored nor shown. Raises click.UsageError."""
    for each in given:
        for text in each if isinstance(each, tuple) else (each,):
            if isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text):
                raise click.UsageError(f"{text!r} is not valid UTF-8.")


class Command(click.Command):
    """One command of `./shop`."""

    def __init__(self, *words: Any, **more: Any) -> None:  # noqa: ANN401 - whatever click takes
        super().__init__(*words, **more)
        self.params += options()

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever the command returns
        _check_texts(ctx.params.values())
        try:
            with problems_in_words():
                return super().invoke(ctx)
        except Failed as failed:
            raise Failed(ctx.ensure_object(Asked).output.copyable(failed.message)) from None


class Commands(click.Group):
    """All commands, or a family such as `stock set`; its `@family.command()` also creates a Command."""

    command_class = Command
    group_class = type

    def __init__(self, *words: Any, **more: Any) -> None:  # noqa: ANN401 - whatever click takes
        super().__init__(*words, **more)
        self.params += options()

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In order of registration, those that only read first; click would sort by name."""
        del ctx
        return list(self.commands)


def command(name: str) -> Callable[[Callable[..., object]], Command]:
    """`@command("why")` turns a function into a Command with its docstring as help."""
    return click.command(name, cls=Command)
