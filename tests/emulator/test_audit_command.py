"""`./shop audit` finds tampering with the trail in a real database, and with anchors."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from audit.anchoring import Anchoring
from audit.chain import chained
from database.connection import connect
from database.firestore_store import FirestoreStore
from ops.exit_codes import ExitCode
from tests.emulator.ordering_shop import REFUNDED, Shop, operated
from tests.support.emulated_shop import now, service_in


def found(result: Result) -> list[tuple[str, str | None]]:
    return [(each["defect"], each["entry_id"]) for each in json.loads(result.stdout)["findings"]]


@pytest.fixture
def settled_shop(paid_shop: Shop) -> Shop:
    paid_shop.write("orders/untouched", {"status": "pending"})
    assert paid_shop.report(REFUNDED, "evt_refunded") == "refunded"
    return paid_shop


def test_what_somebody_has_changed_is_found_in_one_order_and_in_all(settled_shop: Shop) -> None:
    for words in ((), ("order-1",)):
        result = operated(settled_shop.client, "--json", "audit", "verify", *words)
        assert (result.exit_code, found(result), json.loads(result.stdout)["chained"]) == (ExitCode.FINE, [], 2)
    settled_shop.client.document("auditLog/evt_paid").update({"amount": 1})
    for words in ((), ("order-1",)):
        result = operated(settled_shop.client, "--json", "audit", "verify", *words)
        assert (result.exit_code, found(result)) == (ExitCode.FOUND, [("changed", "evt_paid")])


def test_what_operators_did_to_no_order_is_judged_too_and_by_itself_what_is_in_a_window(settled_shop: Shop) -> None:
    client = settled_shop.client
    acts = ("stock", "add", "shirt", "1", "--yes", "--reason", "counted", "--operator", "olga")
    assert [operated(client, *acts).exit_code for _ in range(2)] == [ExitCode.FINE] * 2
    for words in ((), ("--since", "2026-01-01")):
        result = operated(client, "--json", "audit", "verify", *words)
        assert (result.exit_code, found(result), json.loads(result.stdout)["chained"]) == (ExitCode.FINE, [], 4)
    entries = [each for each in client.collection("auditLog").stream() if each.id.startswith("operator_")]
    entries[0].reference.update({"reason": "stolen"})
    # It dates itself to long ago; the database's clock says just now.
    long_ago = now() - timedelta(days=2_000)
    settled_shop.write("auditLog/slipped_in", {"orderId": None, "createdAt": long_ago, "stock": []})
    for words in ((), ("--since", "2026-01-01"), ("--until", "2020-01-01")):
        result = operated(client, "--json", "audit", "verify", *words)
        wrong = [("unchained", "slipped_in"), ("changed", entries[0].id)]
        assert (result.exit_code, found(result)) == (ExitCode.FOUND, wrong), words


def test_the_sweep_finds_it_by_itself(settled_shop: Shop) -> None:
    client = settled_shop.client
    settled_shop.client.document("auditLog/evt_paid").update({"amount": 1})
    (finding,) = service_in(client).check_trail(now())
    assert (finding.rule, finding.order_id) == ("chain_broken", "order-1")
    assert not list(service_in(client).check_trail(now()))


def test_nothing_is_called_right_of_an_order_that_nobody_knows(settled_shop: Shop) -> None:
    assert operated(settled_shop.client, "audit", "verify", "untouched").exit_code == ExitCode.FINE
    for order, code in (("order-7", ExitCode.FAILED), ("a/b", ExitCode.USAGE)):
        result = operated(settled_shop.client, "audit", "verify", order)
        assert (result.exit_code, result.stdout) == (code, "")


def test_an_anchored_head_is_missed_even_if_the_whole_chain_is_rehashed(settled_shop: Shop, tmp_path: Path) -> None:
    client = settled_shop.client
    client.document("orders/order-1").update({"updatedAt": now().replace(year=2026, month=1)})
    queries = service_in(client).queries()
    anchored = Anchoring(FirestoreStore(connect(client.project)), queries.moved_heads, 8).anchor_if_due(now())
    assert anchored is not None and anchored["heads"] == 1
    kept, line = tmp_path / "anchors.jsonl", tmp_path / "log.json"
    kept.write_text(operated(client, "audit", "anchor").stdout)
    line.write_text(json.dumps([{"jsonPayload": {"anchor": anchored["anchor"], "hash": anchored["hash"]}}]))
    for file in kept, line:
        assert operated(client, "audit", "verify", "--anchor", str(file)).exit_code == ExitCode.FINE
    fields = client.document("auditLog/evt_paid").get().to_dict() or {}
    first = {name: value for name, value in fields.items() if name not in ("hash", "sequence", "previousHash")}
    forged = chained({**first, "amount": 1}, None)
    client.document("auditLog/evt_paid").set(forged)
    client.document("auditLog/evt_refunded").delete()
    head = {"auditHead": forged["hash"], "auditCount": 1}
    client.document("orders/order-1").update({**head, "status": forged["statusAfter"]})
    assert operated(client, "audit", "verify").exit_code == ExitCode.FINE
    for file in kept, line:
        result = operated(client, "--json", "audit", "verify", "--anchor", str(file))
        assert (result.exit_code, found(result)) == (ExitCode.FOUND, [("anchor", None)])
