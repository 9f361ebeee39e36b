"""The load test counts what it did, asks before it begins, and leaves nothing behind, however it ends."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.cloud import firestore
from google.cloud.firestore import Increment

from bench.loadtest.__main__ import main
from bench.loadtest.report import A_SALE
from bench.loadtest.rush import Load, Wait
from bench.loadtest.shop import PRODUCTS
from bench.loadtest.trial import NotRun, Trial
from database.store import Fields
from tests.support.builders import an_order
from tests.support.emulated_shop import a_database, documents_in, statuses, write_all

CLIENTS, ORDERS = 2, 5
OF_OTHERS: dict[str, Fields] = {
    f"{collection}/{document_id}": an_order(number=number)
    for collection in ("orders", "inventory", "products", "payments", "webhookEvents", "auditLog")
    for number, document_id in enumerate(
        ("loadtest", "loadtest.1", "evt_1", "evt_loadtest", "my-loadtest-1", "pi_loadtest")
    )
}

Started = Callable[..., Trial]


@pytest.fixture
def trial_with(firestore_client: firestore.Client, tmp_path: Path) -> Started:
    def made_with(wait: Wait = wait, **how: Any) -> Trial:
        return Trial(
            firestore_client.project,
            Load(CLIENTS, seconds=30, orders_max=ORDERS),
            **{"may_begin": lambda _: True, "beside_a_shop": True, **how},
            say=lambda _: None,
            figures_file=tmp_path / "figures.json",
            wait=wait,
        )

    return made_with


@pytest.fixture(autouse=True)
def what_others_have(firestore_client: firestore.Client) -> Iterator[None]:
    """Afterwards it is unchanged, and nothing else is in the database."""
    write_all(firestore_client, OF_OTHERS)
    yield
    assert documents_in(firestore_client) == OF_OTHERS


def test_the_figures_count_what_was_done(trial_with: Started) -> None:
    trial = trial_with()
    assert trial.run()
    figures: dict[str, Any] = json.loads(trial.figures_file.read_text())
    for phase in PRODUCTS:
        of_phase = figures["made_of"]["phase"][phase]
        assert of_phase["orders written"] == of_phase["of them paid"] == ORDERS
        assert of_phase["events"] == 2 * ORDERS
        assert of_phase["RPCs"] == 6 * ORDERS
        assert of_phase["commits OK"] == 3 * ORDERS
    orders, products = len(PRODUCTS) * ORDERS, 2 * sum(map(len, PRODUCTS.values()))
    assert figures["made_of"]["billed"]["together"] == {
        "reads": orders * A_SALE.reads + products,
        "writes": orders * A_SALE.writes + products,
        "deletes": orders * A_SALE.deletes + products,
    }
    assert figures["missed"] == []


def test_nothing_is_written_unless_somebody_says_yes(trial_with: Started) -> None:
    with pytest.raises(NotRun, match="Nothing was written"):
        trial_with(may_begin=lambda _: False).run()


@pytest.mark.parametrize("path", ["orders/1", "inventory/1"])
def test_nothing_is_written_beside_a_shop(trial_with: Started, path: str) -> None:
    shop = a_database()
    write_all(shop, {path: an_order()})
    with pytest.raises(NotRun, match="FORCE=1"):
        replace(trial_with(beside_a_shop=False), project=shop.project).run()
    assert documents_in(shop) == {path: an_order()}


def test_nothing_is_written_where_nobody_can_be_asked(
    firestore_client: firestore.Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends_at: list[int] = []
    monkeypatch.setattr(signal, "signal", lambda number, _: ends_at.append(number))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", firestore_client.project)
    assert main([f"--project={firestore_client.project}", "--force=1"]) == 1
    said = capsys.readouterr()
    assert (
        f"the project {firestore_client.project} in the emulator at {os.environ['FIRESTORE_EMULATOR_HOST']}" in said.out
    )
    assert "It costs up to $0.08" in said.out
    assert "YES=1" in said.err
    assert ends_at == [signal.SIGTERM, signal.SIGHUP]


def test_what_was_written_is_deleted_after_an_interrupt(
    trial_with: Started, firestore_client: firestore.Client
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        while not statuses(firestore_client)["finalized"]:
            pass
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(trial_with(interrupted), load=Load(CLIENTS, seconds=30, orders_max=100_000)).run()


def test_a_unit_that_disappears_meanwhile_is_found_out(trial_with: Started, firestore_client: firestore.Client) -> None:
    def waits(*buying: Any, **how: Any) -> None:
        wait(*buying, **how)
        assert how == {"timeout": 30, "return_when": FIRST_EXCEPTION}
        firestore_client.document(f"inventory/{PRODUCTS['hot'][0]}").update({"stock": Increment(-1)})

    assert not trial_with(waits).run()


def test_what_an_earlier_one_has_left_is_refused_and_can_be_deleted(
    trial_with: Started, firestore_client: firestore.Client
) -> None:
    left: dict[str, Fields] = {
        "orders/loadtest-1": an_order(userId="loadtest-hot-0"),
        "notifications/loadtest-hot-0/messages/evt_loadtest-1": {"type": "paid"},
        "notifications/system/messages/evt_loadtest-1": {"type": "paid"},
        **{f"auditLog/{kind}_loadtest-1": an_order() for kind in ("placed", "lapsed", "evt")},
        **{f"payments/{kind}_loadtest-1": an_order() for kind in ("pi", "ch")},
    }
    write_all(firestore_client, left)
    with pytest.raises(NotRun, match="CLEAN=1"):
        trial_with().run()
    assert documents_in(firestore_client) == OF_OTHERS | left
    trial_with().clean()
