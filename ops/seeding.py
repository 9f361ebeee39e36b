"""`./shop seed FILE`: puts a catalogue on sale with its stock, without overwriting anything."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
import yaml

from database.documents.inventory import inventory_path, level_defect_in
from database.documents.products import product_path
from database.ids import is_document_id
from database.store import Create
from ops.acting import COMMIT_SECONDS_MAX, Act, How, said_how
from ops.carrying_out import carry_out
from ops.commands import Asked, command
from ops.exit_codes import Failed
from ops.page import Line, Table
from orders.money import amount_or_none, is_currency
from orders.numbers import whole_number

_FIELDS: Final = frozenset({"name", "unitAmount", "currency", "active", "stock", "backorder"})


@command("seed")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@said_how
@click.pass_obj
def seed(asked: Asked, file: Path, how: How) -> None:
    """Put the missing products of a catalogue on sale.

    FILE is YAML or JSON, with products by id. Each has name, unitAmount (in minor units), currency, and stock: how
    many are on hand, or null if it never runs out. backorder and active are optional. What exists already stays as it
    is.
    """
    wanted = dict(_documents_of(_catalogue_in(file)))
    there = asked.shop.store.read(tuple(wanted), timeout_seconds=COMMIT_SECONDS_MAX)
    missing = {path: fields for path, fields in wanted.items() if there[path] is None}
    # Stock and its audit entry are written in one commit, so an interrupted run can simply be repeated.
    acts = [_first_units(path, fields) for path, fields in missing.items() if _is_counted(fields)]
    _show(asked, missing, len(wanted), how)
    if how.is_done:
        for path, fields in missing.items():
            if not _is_counted(fields):
                asked.shop.store.commit((Create(path, fields),), timeout_seconds=COMMIT_SECONDS_MAX)
        if acts:
            carry_out(asked, acts, how)


def _is_counted(fields: Mapping[str, object]) -> bool:
    return whole_number(fields.get("stock")) is not None


def _first_units(path: str, fields: Mapping[str, object]) -> Act:
    backorder = {"backorder": fields["backorder"]} if fields.get("backorder") else {}
    return Act("stock", _id_in(path), {"mode": "add", "quantity": fields["stock"], "new": True, **backorder})


def _show(asked: Asked, missing: Mapping[str, Mapping[str, object]], wanted: int, how: How) -> None:
    asked.output.say(f"{len(missing)} of {wanted} documents are missing.")
    if not how.is_done:
        rows = tuple((path, ", ".join(f"{name}: {value}" for name, value in missing[path].items())) for path in missing)
        page = (Table(rows, ("document", "fields")), Line("Nothing was done. Add --yes --reason '…' to do it."))
        asked.output.show({"done": False, "missing": missing}, page)


def _id_in(path: str) -> str:
    return path.partition("/")[2]


def _catalogue_in(file: Path) -> Mapping[str, Any]:
    try:
        catalogue = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise Failed(f"{file} cannot be read: {problem}") from None
    if not isinstance(catalogue, dict) or not catalogue:
        raise Failed(f"{file} must have products by their ids.")
    return catalogue


def _documents_of(catalogue: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, object]]]:
    for product_id, product in catalogue.items():
        if defect := _defect_in(product_id, product):
            raise Failed(f"{product_id}: {defect}. Nothing was done.")
        listed = {name: product[name] for name in ("name", "unitAmount", "currency")}
        yield product_path(product_id), {**listed, "active": product.get("active", True)}
        backorder = {"backorder": product["backorder"]} if "backorder" in product else {}
        yield inventory_path(product_id), {"stock": product["stock"], "reserved": 0, **backorder}


def _defect_in(product_id: object, product: Any) -> str | None:  # noqa: ANN401 - YAML
    if not is_document_id(product_id):
        return "this is not a valid product id"
    if not isinstance(product, dict) or (unknown := sorted(map(str, set(product) - _FIELDS))):
        return f"a product has no field {', '.join(unknown)}" if isinstance(product, dict) else "it must have fields"
    if not isinstance(product.get("name"), str):
        return "name must be a text"
    if amount_or_none(product.get("unitAmount")) is None or not is_currency(product.get("currency")):
        return "unitAmount must be in minor units, and currency such as 'eur'"
    if not isinstance(product.get("active", True), bool):
        return "active must be true or false"
    stock = whole_number(product.get("stock"))
    return "stock must be 0 or more" if stock is not None and stock < 0 else level_defect_in(product)
