"""Renders shelves and who holds their units. Pure."""

from collections.abc import Iterator, Sequence

from ops.page import Cell, Line, Part, Row, Table, Tone
from ops.phrases import amount
from ops.shelves import GONE, NO_INVENTORY, Holder, Shelf
from reconciliation.finding import to_copy


def shelves_table(shelves: Sequence[Shelf]) -> Table:
    columns = ("product", "name", "price", "stock", "reserved", "available", "")
    return Table([_row(each) for each in shelves], columns)


def holders_parts(shelf: Shelf, holders: Sequence[Holder], *, is_all: bool) -> Iterator[Part]:
    """The orders that hold its units, and whether they add up to `reserved`."""
    if holders:
        rows = [(each.order_id, each.status, each.user_id or "-", _number(each.units)) for each in holders]
        yield Table(rows, ("held by", "status", "customer", "units"))
    held, to_take = sum(each.units for each in holders), shelf.to_take
    if to_take:
        yield Line(f"{to_take} units are paid, but not taken yet: within a minute they leave `stock` and `reserved`.")
    if not is_all:
        yield Line("There are more open orders than were checked.", Tone.WARNING)
    elif shelf.reserved is not None and held + to_take != shelf.reserved:
        sold = f", and {to_take} are to be taken" if to_take else ""
        yield Line(
            f"{shelf.reserved} units are reserved, but orders hold {held}{sold}. Look again: orders come and go",
            Tone.WARNING,
        )
        yield Line("while this reads them. If it stays so, something else has changed the inventory:", Tone.WARNING)
        yield Line(to_copy("stock recount", shelf.product_id), Tone.COMMAND)
    elif not holders:
        yield Line("No order holds any of it.", Tone.QUIET)
    if shelf.defect == GONE:
        yield Line("It was deleted or renamed. To count it again under this id, including units that orders hold:")
        yield Line(to_copy("stock set --new", shelf.product_id, "QUANTITY"), Tone.COMMAND)
    elif shelf.defect == NO_INVENTORY:
        yield Line("Count its units, including those that orders hold, and put the number in place of QUANTITY:")
        yield Line(to_copy("stock set", shelf.product_id, "QUANTITY"), Tone.COMMAND)
    elif shelf.defect:
        figures = f"`stock` as you count it, and {held + to_take} as `reserved`"
        yield Line(
            f"No order can hold any until inventory/{shelf.product_id} has whole numbers. Write into it",
            Tone.WARNING,
        )
        yield Line(f"{figures}, which is what orders hold.", Tone.WARNING)


def _row(shelf: Shelf) -> Row:
    figures = ("any", "-", "any") if shelf.is_never_short else (shelf.stock, shelf.reserved, shelf.available)
    sold = f"{shelf.to_take} paid, not yet taken" if shelf.to_take else None
    price = f"it {shelf.price_defect}" if shelf.price_defect else None
    remarks = [shelf.defect, price, None if shelf.is_on_sale else "not on sale", sold]
    return (
        shelf.product_id,
        shelf.name or "-",
        _number(amount(shelf.price)),
        *map(_number, figures),
        Cell("; ".join(each for each in remarks if each), Tone.WARNING),
    )


def _number(value: object) -> Cell:
    return Cell("-" if value is None else str(value), is_number=True)
