"""`./shop stock set`, `add`, `import`, `recount`: stock corrections, each on record with who and why."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from database.documents.inventory import inventory_path
from database.documents.products import product_path
from database.ids import is_document_id
from ops.acting import COMMIT_SECONDS_MAX, Act, How, said_how
from ops.carrying_out import carry_out
from ops.commands import Asked, command
from ops.exit_codes import Failed

_COLUMNS: Final = ("product", "quantity")
_QUANTITY: Final = re.compile(r"\s*([+-]?[0-9]{1,12})\s*")
_FORCE: Final = click.option("--force", is_flag=True, help="Do it even if fewer are left than orders hold.")
_NEW: Final = click.option("--new", is_flag=True, help="Also for products that do not exist yet.")
_PRODUCTS_AT_ONCE: Final = 200
_NOWHERE: Final[Mapping[str, str]] = {}


@command("set")
@click.argument("product")
@click.argument("quantity", type=click.IntRange(0))
@_FORCE
@_NEW
@said_how
@click.pass_obj
def set_stock(asked: Asked, product: str, quantity: int, how: How, *, force: bool, new: bool) -> None:
    """Set the stock of a PRODUCT to QUANTITY units.

    Count them right before: what is sold from then on comes off that number.
    """
    _adjust(asked, [_act(product, "set", quantity, is_forced=force)], how, may_be_new=new)


@command("add")
@click.argument("product")
@click.argument("quantity", type=int)
@_FORCE
@_NEW
@said_how
@click.pass_obj
def add_stock(asked: Asked, product: str, quantity: int, how: How, *, force: bool, new: bool) -> None:
    """Add QUANTITY units to the stock of a PRODUCT.

    To remove three, add -3.
    """
    _adjust(asked, [_act(product, "add", quantity, is_forced=force)], how, may_be_new=new)


@command("recount")
@click.argument("product")
@said_how
@click.pass_obj
def recount_holds(asked: Asked, product: str, how: How) -> None:
    """Set the reserved units of a PRODUCT to what orders hold.

    This reads all open orders, and fails if units of the product move meanwhile: if it sells all the time, try again
    when it is quieter.
    """
    if not is_document_id(product):
        raise Failed(f"{product!r} is not a valid product id. Nothing was done.")
    carry_out(asked, [Act("stock", product, {"mode": "recount"})], how)


@command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--add", is_flag=True, help="Add the quantities to the stock, instead of replacing it.")
@_FORCE
@_NEW
@said_how
@click.pass_obj
def import_stock(asked: Asked, file: Path, how: How, *, add: bool, force: bool, new: bool) -> None:
    """Set the stock of many products from a CSV FILE.

    The file has the columns product and quantity, and each product once.
    """
    mode = "add" if add else "set"
    acts = {line: _act_of_row(file, line, row, mode, is_forced=force) for line, row in _rows_in(file)}
    if len({act.target for act in acts.values()}) < len(acts):
        raise Failed(f"{file} names a product twice. Nothing was done.")
    lines = {act.target: f" (line {line})" for line, act in acts.items()}
    _adjust(asked, list(acts.values()), how, may_be_new=new, where=lines)


# Makes -3 a quantity, not an unknown option.
add_stock.ignore_unknown_options = True
STOCK_ACTS: Final = (set_stock, add_stock, import_stock, recount_holds)


def _adjust(
    asked: Asked, acts: Sequence[Act], how: How, *, may_be_new: bool, where: Mapping[str, str] = _NOWHERE
) -> None:
    """Args: where: the line of the file that names each product."""
    unknown = _unknown(asked, [act.target for act in acts])
    if unknown and not may_be_new:
        named = ", ".join(f"{product}{where.get(product, '')}" for product in unknown)
        raise Failed(
            f"Neither the inventory nor the catalogue has {named}. If new and not mistyped, add --new. Nothing "
            "was done."
        )
    as_new = {"new": True}
    carry_out(
        asked,
        [replace(act, parameters={**act.parameters, **as_new}) if act.target in unknown else act for act in acts],
        how,
    )


def _unknown(asked: Asked, products: Sequence[str]) -> Sequence[str]:
    """Products that are in neither the inventory nor the catalogue. Raises Transient."""
    unknown: list[str] = []
    for first in range(0, len(products), _PRODUCTS_AT_ONCE):
        some = products[first : first + _PRODUCTS_AT_ONCE]
        paths = [path(product) for product in some for path in (inventory_path, product_path)]
        there = asked.shop.store.read(paths, timeout_seconds=COMMIT_SECONDS_MAX)
        unknown += [each for each in some if there[inventory_path(each)] is None and there[product_path(each)] is None]
    return unknown


def _rows_in(file: Path) -> Sequence[tuple[int, Mapping[str | None, Any]]]:
    """The rows with their line numbers; values beyond the named columns are under None. Raises Failed."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            rows: csv.DictReader[Any] = csv.DictReader(opened)
            names = rows.fieldnames or ()
            if missing := [column for column in _COLUMNS if names.count(column) != 1]:
                raise Failed(f"{file} has no column {' and no column '.join(missing)}, or more than one.")
            return [(rows.line_num, row) for row in rows]
    except (UnicodeDecodeError, csv.Error) as problem:
        raise Failed(f"{file} cannot be read: {problem}. Save it as CSV in UTF-8.") from None


def _act_of_row(file: Path, line: int, row: Mapping[str | None, Any], mode: str, *, is_forced: bool) -> Act:
    # An unquoted 1,000 would read as 1 unit and an unnamed column.
    if None in row or not (found := _QUANTITY.fullmatch(row["quantity"] or "")):
        raise Failed(f"{file}, line {line}: the quantity is not a whole number. Nothing was done.")
    return _act((row["product"] or "").strip(), mode, int(found[1]), is_forced=is_forced)


def _act(product: str, mode: str, quantity: int, *, is_forced: bool) -> Act:
    if not is_document_id(product):
        raise Failed(f"{product!r} is not a valid product id. Nothing was done.")
    return Act("stock", product, {"mode": mode, "quantity": quantity, "force": is_forced})
