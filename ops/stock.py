"""`./shop stock`: what is on the shelf, how much of it is promised, and to which orders."""

import shlex
from typing import Any, Final

import click

from database.ids import is_document_id
from ops.commands import Asked, Commands
from ops.connection import problems_in_words
from ops.exit_codes import Failed
from ops.page import Line, Page, Tone
from ops.shelves import HOLDING_MAX, holders_of, shelf_of, shelf_of_gone, shelves_after, units_to_take
from ops.shelves_page import holders_parts, shelves_table

SHOW: Final = "show"
_NEXT: Final = ("./shop", "stock", SHOW, "--limit")


class StockCommands(Commands):
    """Makes `stock PRODUCT` mean `stock show PRODUCT`, unless the product is named like a command."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:  # noqa: ANN401 - as click has it
        return super().resolve_command(ctx, args if args[0] in self.commands else [SHOW, *args])


@click.group("stock", cls=StockCommands, invoke_without_command=True)
@click.pass_context
def stock(context: click.Context) -> None:
    """Show the stock, and correct it.

    `./shop stock` lists all products, `./shop stock PRODUCT` shows one, and which open orders hold its units.
    """
    if context.invoked_subcommand is None:
        with problems_in_words():
            context.invoke(show)


@stock.command(SHOW)
@click.argument("product", required=False)
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True, help="At most this many.")
@click.option("--after", metavar="PRODUCT", default="", help="Continue after this product.")
@click.pass_obj
def show(asked: Asked, product: str | None = None, limit: int = 100, after: str = "") -> None:
    """Show all products, or one and which open orders hold its units."""
    if product:
        _show_one(asked, product)
        return
    shelves = shelves_after(asked.shop.reader, after, limit)
    following = shelves[-1].product_id if len(shelves) == limit else None
    page: Page = [shelves_table(shelves)] if shelves else [Line("There are none.", Tone.QUIET)]
    more = [Line(shlex.join([*_NEXT, str(limit), f"--after={following}"]), Tone.COMMAND)] if following else []
    asked.output.show({"products": shelves, "next": following}, [*page, *more])


def _show_one(asked: Asked, product: str) -> None:
    if not is_document_id(product):
        raise Failed(f"{product!r} is not a valid product id.")
    asked.output.say(f"Looking through the open orders, {HOLDING_MAX} at most ...")
    shelf = shelf_of(asked.shop.reader, product)
    holders, is_all = holders_of(asked.shop.reader, product)
    if shelf is None and not holders:
        raise Failed(f"There is no product {product} in {asked.shop.project}.")
    shelf = shelf or shelf_of_gone(product)
    is_all = is_all and units_to_take(asked.shop.reader)[1]
    data = {"product": shelf, "held_by": holders, "is_all": is_all}
    asked.output.show(data, [shelves_table([shelf]), *holders_parts(shelf, holders, is_all=is_all)])
