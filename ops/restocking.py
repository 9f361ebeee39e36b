"""`./shop stock set`, `add`, `import`: stock is corrected by differences, each on record with who and why."""

import csv
from pathlib import Path
from typing import Final

import click

from database.ids import is_document_id
from ops.acting import Act, How, said_how
from ops.carrying_out import carry_out
from ops.commands import Asked, command
from ops.exit_codes import Failed

_COLUMNS: Final = ("product", "quantity")
_FORCE: Final = click.option("--force", is_flag=True, help="Also if fewer are left than orders hold.")


@command("set")
@click.argument("product")
@click.argument("quantity", type=click.IntRange(0))
@_FORCE
@said_how
@click.pass_obj
def set_stock(asked: Asked, product: str, quantity: int, how: How, *, force: bool) -> None:
    """Say that QUANTITY units of a PRODUCT are on hand, counted just now."""
    carry_out(asked, [_act(product, "set", quantity, is_forced=force)], how)


@command("add")
@click.argument("product")
@click.argument("quantity", type=int)
@_FORCE
@said_how
@click.pass_obj
def add_stock(asked: Asked, product: str, quantity: int, how: How, *, force: bool) -> None:
    """Add QUANTITY units of a PRODUCT to those on hand; to take some away, write `-- -3`."""
    carry_out(asked, [_act(product, "add", quantity, is_forced=force)], how)


@command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--add", is_flag=True, help="The quantities come on top of what is there, and are not all there is.")
@_FORCE
@said_how
@click.pass_obj
def import_stock(asked: Asked, file: Path, how: How, *, add: bool, force: bool) -> None:
    """Set the stock of many products from a CSV FILE with the columns product and quantity."""
    mode = "add" if add else "set"
    with file.open(newline="", encoding="utf-8-sig") as opened:
        rows = csv.DictReader(opened)
        if missing := [column for column in _COLUMNS if column not in (rows.fieldnames or ())]:
            raise Failed(f"{file} has no column {' and no column '.join(missing)}.")
        acts = [_act_of_row(file, rows.line_num, row, mode, is_forced=force) for row in rows]
    if len({act.target for act in acts}) < len(acts):
        raise Failed(f"{file} names a product twice. Nothing was done.")
    carry_out(asked, acts, how)


STOCK_ACTS: Final = (set_stock, add_stock, import_stock)


def _act_of_row(file: Path, line: int, row: dict[str, str], mode: str, *, is_forced: bool) -> Act:
    try:
        quantity = int(row["quantity"])
    except (TypeError, ValueError):
        raise Failed(f"{file}, line {line}: the quantity is no whole number. Nothing was done.") from None
    return _act(row["product"], mode, quantity, is_forced=is_forced)


def _act(product: str, mode: str, quantity: int, *, is_forced: bool) -> Act:
    if not is_document_id(product):
        raise Failed(f"{product!r} cannot be the id of a product. Nothing was done.")
    return Act("stock", product, {"mode": mode, "quantity": quantity, "force": is_forced})
