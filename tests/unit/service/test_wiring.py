"""The deployed service, wired from its environment. It connects to nothing before it is used."""

import json
import subprocess
import sys
from ast import literal_eval
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from database.firestore_store import FirestoreStore
from database.grouping import GroupingStore
from service.entry_points import Service
from service.settings import settings_from
from service.wiring import patience, performing, service_from
from settlement.turns import InTurn
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore
from tests.support.recording import silent
from tests.support.settling import Clock
from tools.toolchain import ROOT
from webhooks.ownership import Naming
from webhooks.signing_secrets import SigningSecret

SECRETS = (SigningSecret(f"whsec_{'1' * 24}", livemode=True), SigningSecret(f"whsec_{'2' * 24}"))
ENVIRONMENT = {
    "GOOGLE_CLOUD_PROJECT": "demo-wired",
    "STRIPE_WEBHOOK_SECRET": f"live:{SECRETS[0].text},{SECRETS[1].text}",
    "SHOP_ID": "shop-1",
    "DATABASE_ID": "wired",
}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    return service_from(ENVIRONMENT)


def test_the_database_is_the_one_that_the_environment_names_of_its_project(service: Service) -> None:
    client = service.queries()._client  # type: ignore[attr-defined]
    assert (client.project, client._database) == ("demo-wired", "wired")
    documents = service.storefront().store._connection.documents  # type: ignore[attr-defined]
    assert documents == "projects/demo-wired/databases/wired/documents"


@pytest.mark.parametrize(("unsent", "sent_by"), [("reserved", {"chat"}), ("reserved,effect_failed", set())])
def test_that_an_effect_was_given_up_is_sent_to_operators_unless_the_shop_sends_no_such_notice(
    unsent: str, sent_by: set[str]
) -> None:
    terms = settings_from({"OPERATOR_CHANNELS": "chat", "UNSENT_NOTICES": unsent}).terms
    effects = performing(MemoryStore(), terms, silent, patience(), {}, lambda: datetime.now(UTC))
    assert set(effects.operator_channels) == sent_by


def test_a_call_that_stripe_does_not_answer_asks_ever_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    paying = {"STRIPE_API_KEY": "rk_live_0123456789", "CHECKOUT_SUCCESS_URL": "https://shop.example"}
    sessions = service_from({**ENVIRONMENT, **paying}).sessions
    assert sessions
    clock = Clock()
    tries = replace(sessions().patience, monotonic=clock.monotonic, sleep=clock.sleep, random=lambda: 1.0).tries()
    assert len(list(tries)) == 11
    assert clock.pauses[-2] == 2


def test_what_settles_the_webhooks_events_has_them_wait_for_each_other(service: Service) -> None:
    assert isinstance(service.webhook_endpoint().settle, InTurn)


def test_orders_are_placed_in_groups_and_in_the_turns_of_all_events_and_nothing_else_is_grouped(
    service: Service,
) -> None:
    def store_of(settle: object) -> object:
        assert isinstance(settle, InTurn)
        return settle.settling(patience()).keywords["store"]  # type: ignore[attr-defined]

    placing, paying = service.order_created_trigger().settle, service.webhook_endpoint().settle
    assert isinstance(placing, InTurn) and isinstance(paying, InTurn)
    assert placing.turns is paying.turns
    assert isinstance(store_of(placing), GroupingStore)
    assert isinstance(store_of(paying), FirestoreStore)
    assert service.reservation_sweep().place.__self__.settle is placing  # type: ignore[attr-defined]


def test_the_webhook_never_imports_a_library_of_google_or_stripe_or_what_others_alone_use() -> None:
    """Each of those libraries takes as long to import as the service, or longer."""
    program = f"""
import sys
from service.wiring import service_from
service_from({ENVIRONMENT}).webhook_endpoint()
libraries = {{"grpc", "google.cloud.firestore", "google.auth", "requests", "urllib3", "stripe"}}
others = {{"database.rehearsal", "effects.attempt", "inventory.takings", "reconciliation.finding", "storefront"}}
print({{"webhooks.endpoint", "database.metadata_server", *libraries, *others}} & sys.modules.keys())
"""
    environment = {"K_SERVICE": "stripewebhook", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True)
    assert literal_eval(ran.stdout) == {"webhooks.endpoint", "database.metadata_server"}


def test_log_lines_go_to_standard_output_under_the_trace_of_their_project(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service_from(ENVIRONMENT).log("INFO", "a message", trace=f"{'a' * 32}/1;o=1")
    line = json.loads(capsys.readouterr().out)
    assert line["logging.googleapis.com/trace"] == f"projects/demo-wired/traces/{'a' * 32}"


def test_secrets_and_naming_are_those_of_the_environment_and_the_clock_is_the_machines(service: Service) -> None:
    endpoint = service.webhook_endpoint()
    assert (endpoint.secrets, endpoint.naming) == (SECRETS, Naming(shop_id="shop-1"))
    assert abs(service.now() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("name", ["FUNCTIONS_EMULATOR", "FIRESTORE_EMULATOR_HOST"])
def test_answers_say_why_in_the_emulators_and_nowhere_else(service: Service, name: str) -> None:
    assert not service.webhook_endpoint().says_why
    assert service_from({**ENVIRONMENT, name: "here"}).webhook_endpoint().says_why
    assert not service_from({**ENVIRONMENT, name: ""}).webhook_endpoint().says_why


@pytest.mark.parametrize(("threads", "patient"), [("64", 8), ("4", 2), ("1", 1)])
def test_half_of_the_threads_wait_patiently_for_bodies_and_no_more_than_half_of_what_is_let_in(
    service: Service, threads: str, patient: int
) -> None:
    service = service_from({**ENVIRONMENT, "THREADS": threads})
    assert service.webhook_endpoint().watchdog.patient_max == patient


def test_each_query_of_the_sweep_is_asked_for_what_it_is_named_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep, queries = service.reservation_sweep(), service.queries()
    assert (sweep.lapsed_orders, sweep.stranded_orders, sweep.parked_events) == (
        queries.lapsed_orders,
        queries.stranded_orders,
        queries.parked_since,
    )
    assert sweep.unanswered_requests == queries.unanswered_requests
    assert sweep.unanswered_operator_requests == queries.unanswered_operator_requests
    asked = replace(service, requests=lambda: SimpleNamespace(answer=lambda *asked: asked))  # type: ignore[arg-type,return-value]
    assert asked.reservation_sweep().answer("asked-1", NOW) == ("asked-1", NOW)  # type: ignore[comparison-overlap]
    assert sweep.show_next_products == service.storefront().show_next
    monkeypatch.setattr(queries, "products_after", lambda after, at_most: [after] * at_most)
    assert service.storefront().products_after("shirt", 2) == ["shirt", "shirt"]
    assert sweep.anchor == service.anchor
    assert sweep.fold == service.takings_due().fold == service.fold
