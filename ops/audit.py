"""`./shop audit`: whether the audit trail is as it was written, and what to keep of it elsewhere."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from audit.chain import Head
from audit.verification import Defect, Finding, Verdict
from ops.audit_reading import AnchorRead, Trail, heads_by_order
from ops.commands import Asked, Commands
from ops.exit_codes import ExitCode, Failed
from ops.output import json_of
from ops.page import Heading, Line, Page, Table, Tone


@click.group("audit", cls=Commands)
def audit() -> None:
    """Whether the audit trail is as it was written, and what to keep of it elsewhere."""


@audit.command("verify")
@click.argument("order", required=False)
@click.option(
    "--anchor",
    "kept",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Anchors that were kept elsewhere: what `audit anchor` printed, or log lines as JSON.",
)
@click.pass_context
def verify(context: click.Context, order: str | None, kept: Path | None) -> None:
    """Find entries of the audit trail that somebody has changed, deleted or slipped in; of ORDER alone, or of all.

    With --anchor it finds out whether the chains still hold what was anchored. Ends with 3 if anything is wrong.
    """
    asked: Asked = context.obj
    trail = Trail(asked.shop.client)
    findings: list[Finding] = []
    count = {"orders": 0, "chained": 0, "of_earlier_orders": 0, "from_before": 0, "set_aside": 0}
    with asked.output.progress("Orders") as progress:
        for verdict in _verdicts(trail, order, kept, findings):
            count["orders"] += 1
            for name in ("chained", "of_earlier_orders", "from_before", "set_aside"):
                count[name] += getattr(verdict, name)
            findings += verdict.findings
            progress.by(1)
    asked.output.show({**count, "findings": findings}, _page(count, findings))
    if findings:
        context.exit(ExitCode.FOUND)


@audit.command("anchor")
@click.option("--since", type=click.DateTime(), help="All anchors since then, in UTC; by default the latest alone.")
@click.pass_obj
def anchor(asked: Asked, since: datetime | None) -> None:
    """Print anchors with all their heads, one a line, as JSON: keep them where nobody can write to both."""
    for each in Trail(asked.shop.client).anchors_since(since.replace(tzinfo=UTC) if since else None):
        heads = [[order_id, head.count, head.hash] for order_id, head in each.heads]
        click.echo(json.dumps({"anchor": each.anchor_id, **_plain(each.fields), "orders": heads}))


def _plain(fields: Mapping[str, object]) -> dict[str, Any]:
    return {name: json_of(value) for name, value in fields.items()}


def _verdicts(trail: Trail, order: str | None, kept: Path | None, findings: list[Finding]) -> Iterator[Verdict]:
    if kept is None:
        yield from [trail.verdict(order)] if order else trail.verdicts()
        return
    anchored = heads_by_order(_anchors(trail, _kept(kept), findings))
    yield from (trail.verdict(each, heads) for each, heads in anchored.items() if order in (None, each))


def _anchors(trail: Trail, kept: Iterable[Mapping[str, Any]], findings: list[Finding]) -> Iterator[AnchorRead]:
    """With the heads that are in the file, or where it has none, those in Firestore, if they are what was kept."""
    for each in kept:
        anchor_id, there = str(each["anchor"]), trail.anchor(str(each["anchor"]))
        defect = there.defect if there else "it is gone"
        if there and there.fields.get("hash") != each["hash"]:
            defect = f"its hash was {each['hash']}"
        if defect:
            findings.append(Finding(Defect.ANCHOR, None, anchor_id, f"{anchor_id}: {defect}"))
        if "orders" in each:
            heads = tuple((order_id, Head(count, hashed)) for order_id, count, hashed in each["orders"])
            yield AnchorRead(anchor_id, each, heads)
        elif there:
            yield there


def _kept(file: Path) -> list[Mapping[str, Any]]:
    """Raises Failed."""
    text = file.read_text()
    try:
        read = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
        anchors = [each.get("jsonPayload", each) for each in read]
    except (ValueError, AttributeError):
        anchors = [{}]
    if not all({"anchor", "hash"} <= each.keys() for each in anchors):
        raise Failed(f"{file} has something else than anchors in it: it takes one JSON object a line.")
    return anchors


def _page(count: Mapping[str, int], findings: Iterable[Finding]) -> Page:
    what = {
        "chained": "entries in their place",
        "of_earlier_orders": "in chains of orders that had the id before",
        "from_before": "from before their chain began: nothing can be said of them",
        "set_aside": "of events that touched no order",
    }
    rows = tuple((each.order_id or "", str(each.defect), each.entry_id or "", each.words) for each in findings)
    said = [
        Line(f"{count['orders']} orders"),
        *(Line(f"{count[name]} {words}", Tone.QUIET) for name, words in what.items()),
    ]
    if not rows:
        return (*said, Line("The trail is as it was written.", Tone.GOOD))
    return (*said, Heading("Not as it was written"), Table(rows, ("order", "what", "entry", "why")))
