"""No alert waits for a line that is never logged: every filter is tried on the real functions' log."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest
import yaml

from database.ids import is_order_id
from orders.order import CLOSED
from tests.support.builders import an_order
from tests.support.logged_shop import LoggedShop
from tests.support.logging_query import Entry, query_from
from tests.support.shop import a_shop
from tests.support.stripe.payment_intents import a_payment_intent
from tests.support.stripe_objects import a_stripe_event, the_event
from tools.monitoring import monitoring_in
from tools.toolchain import ROOT

MONITORING: Final = monitoring_in()
METRICS: Final = {metric["name"]: metric for metric in MONITORING.metrics}
ENDPOINTS: Final = yaml.safe_load((ROOT / "functions.yaml").read_text())["endpoints"]
FUNCTIONS: Final = {name.lower() for name in ENDPOINTS}
"""Cloud Run's names of the deployed functions."""
TRIGGERS: Final = {name.lower() for name, endpoint in ENDPOINTS.items() if "eventTrigger" in endpoint}
GOOGLES_OWN: Final = {
    # A failing trigger raises, and the platform answers for it, as for a webhook that does not start.
    "run.googleapis.com/request_count",
    # Undelivered Pub/Sub messages are in no log.
    "pubsub.googleapis.com/subscription/num_undelivered_messages",
}
"""Metrics that are not made from our log."""
COUNTED: Final[Mapping[str, set[str]]] = {
    "settle_retries": {"not_settled"},
    "settle_duplicates": {"duplicate_detected"},
    "settle_refused_signatures": {"rejected"},
    "settle_5xx": {"fault", "not_settled"},
    "settle_faults": {"fault"},
    "settle_unconfigured": {"fault"},
    "settle_parked": {"order_not_found", "payment_not_found", "error"},
    "settle_refund_due": {"refund_due"},
    "settle_review": {"quarantined"},
    "settle_sweeps": {"swept"},
    "settle_unfinished_sweeps": {"swept"},
    "settle_canaries": {"canary"},
    "settle_effects_retried": {"effect_retried"},
    "settle_effects_given_up": {"effect_failed"},
    "settle_findings": {"finding_opened"},
    "settle_overdue_takings": {"folded"},
}
"""By metric, the results of the lines it counts; the other metrics count many."""
WORDS: Final = sorted(
    one.value
    for metric in METRICS.values()
    for one in query_from(metric["filter"]).wanted()
    if one.field == "jsonPayload.message"
)
"""The words that filters look for in messages."""
AS_USUAL: Final = {"settle_deliveries", "settle_latency", "settle_duplicates", "settle_sweeps", "settle_canaries"}
"""Metrics that also count on a day on which nothing needs attention."""

OURS: Final = "logging.googleapis.com/user/"
_TERM: Final = re.compile(r'([a-z_.]+)=(?:"([^"]*)"|one_of\(([^)]*)\))')


def monitored(found_in: object) -> Iterator[str]:
    """Every filter of a policy or dashboard, at any depth."""
    if isinstance(found_in, Mapping):
        for name, value in found_in.items():
            if name in ("filter", "denominatorFilter"):
                yield value
            else:
                yield from monitored(value)
    elif isinstance(found_in, list):
        for one in found_in:
            yield from monitored(one)


FILTERS: Final = sorted({*monitored(list(MONITORING.policies)), *monitored(MONITORING.dashboard)})


def terms_of(monitoring_filter: str) -> dict[str, list[str]]:
    """The allowed values of each field in a Cloud Monitoring filter, as far as the syntax is used.

    https://cloud.google.com/monitoring/api/v3/filters
    """
    terms = [_TERM.fullmatch(term) for term in monitoring_filter.split(" AND ")]
    assert all(terms), monitoring_filter
    return {term[1]: [term[2]] if term[2] else re.findall(r'"([^"]*)"', term[3]) for term in terms if term}


def metric_in(monitoring_filter: str) -> str:
    (metric_type,) = terms_of(monitoring_filter)["metric.type"]
    return metric_type.removeprefix(OURS)


def named_by_customers(name: str) -> list[Entry]:
    """Log entries of refused orders for a product with this name, and of an order that does not exist yet."""
    order, far_too_large = (an_order(items=[{"productId": name, "quantity": quantity}]) for quantity in (1, 10**6))
    refused = [LoggedShop(a_shop(each)) for each in (order, far_too_large, order)]
    refused[-1].store.put(f"inventory/{name}", {"stock": 0, "reserved": 0})
    for shop in refused:
        shop.place()
    over = [LoggedShop(a_shop({**order, "status": status.value})) for status in CLOSED]
    for shop in over:
        shop.deliver(the_event("checkout.session.completed", payment_status="no_payment_required", amount_total=0))
    early = LoggedShop()
    early.deliver(a_stripe_event(a_payment_intent(metadata={"orderId": name if is_order_id(name) else "order-1"})))
    return [entry for shop in (*refused, *over, early) for entry in shop.entries]


def counts_of(entries: Sequence[Entry]) -> Counter[str]:
    """How many entries each metric counts."""
    queries = {name: query_from(metric["filter"]) for name, metric in METRICS.items()}
    return Counter(name for entry in entries for name, query in queries.items() if query.matches(entry))


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_counts_lines_that_are_written_and_asks_for_no_others(name: str, logged: Sequence[Entry]) -> None:
    query = query_from(METRICS[name]["filter"])
    counted = [entry for entry in logged if query.matches(entry)]
    wanted = list(query.wanted())
    assert wanted
    assert [one for one in wanted if not any(one.matches(entry) for entry in counted)] == []


@pytest.mark.parametrize("name", COUNTED)
def test_a_metric_counts_these_results_and_no_others(name: str, logged: Sequence[Entry]) -> None:
    counts = query_from(METRICS[name]["filter"]).matches
    assert {entry["jsonPayload"]["result"] for entry in logged if counts(entry)} == COUNTED[name]


def test_a_person_looks_at_a_key_that_stripe_refuses_and_not_at_stripe_being_down(logged: Sequence[Entry]) -> None:
    counts = query_from(METRICS["settle_for_a_person"]["filter"]).matches
    unasked = [entry for entry in logged if entry["jsonPayload"]["result"] == "not_reconciled"]
    assert {entry["severity"]: counts(entry) for entry in unasked} == {"ERROR": True, "WARNING": False}


def test_wherever_money_waits_for_a_person_an_alert_says_so(money_waiting: Sequence[Entry]) -> None:
    alerting = {metric_in(each) for each in monitored(list(MONITORING.policies))} - AS_USUAL
    assert [entry["jsonPayload"] for entry in money_waiting if not alerting & counts_of([entry]).keys()] == []


@pytest.mark.parametrize("name", METRICS)
def test_what_a_metric_takes_out_of_a_line_is_there(name: str, logged: Sequence[Entry]) -> None:
    query, metric = query_from(METRICS[name]["filter"]), METRICS[name]
    extractors = [*metric.get("labelExtractors", {}).values(), *filter(None, [metric.get("valueExtractor")])]
    for extractor in extractors:
        (extracted,) = re.findall(r"EXTRACT\(jsonPayload\.(\w+)\)", extractor)
        assert all(entry["jsonPayload"][extracted] is not None for entry in logged if query.matches(entry))


def test_on_a_usual_day_nothing_is_counted_that_anybody_is_woken_for(usual: Sequence[Entry]) -> None:
    counting = {name for name, metric in METRICS.items() if any(map(query_from(metric["filter"]).matches, usual))}
    assert counting == AS_USUAL


@pytest.mark.parametrize("word", WORDS)
def test_nobody_is_woken_by_what_a_customer_calls_a_product_or_an_order(word: str) -> None:
    entries = named_by_customers(word)
    quoting = {entry["jsonPayload"]["result"] for entry in entries if word in entry["jsonPayload"]["message"]}
    assert quoting >= {"reservation_failed", *(f"already_{status}" for status in CLOSED)}
    assert counts_of(entries) == counts_of(named_by_customers("mug"))


def test_the_canary_is_no_delivery_of_stripes(usual: Sequence[Entry]) -> None:
    canaries = [entry for entry in usual if entry["jsonPayload"].get("eventType") == "canary"]
    assert [entry["jsonPayload"]["result"] for entry in canaries] == ["ignored"]
    counting = {name for name, metric in METRICS.items() if query_from(metric["filter"]).matches(canaries[0])}
    assert counting == set()


@pytest.mark.parametrize("monitoring_filter", FILTERS)
def test_what_is_watched_is_counted_by_us_or_by_google(monitoring_filter: str) -> None:
    terms = terms_of(monitoring_filter)
    assert set(terms.get("resource.labels.service_name", ())) <= FUNCTIONS
    if (name := metric_in(monitoring_filter)) in METRICS:
        assert terms == {"resource.type": ["cloud_run_revision"], "metric.type": [OURS + name]}
    else:
        assert name in GOOGLES_OWN


def test_the_webhook_and_each_trigger_are_watched_also_where_they_log_nothing() -> None:
    counted = [terms_of(each) for each in FILTERS if metric_in(each) == "run.googleapis.com/request_count"]
    watched = [sorted(terms["resource.labels.service_name"]) for terms in counted]
    assert sorted(watched) == sorted([["stripewebhook"], sorted(TRIGGERS)])


def test_every_metric_is_shown_or_watched() -> None:
    assert set(map(metric_in, FILTERS)) == METRICS.keys() | GOOGLES_OWN


def test_every_function_that_a_filter_names_is_deployed() -> None:
    named = {
        one.value
        for metric in MONITORING.metrics
        for one in query_from(metric["filter"]).wanted()
        if one.field == "resource.labels.service_name"
    }
    assert named <= FUNCTIONS


@pytest.mark.parametrize(
    "text",
    [
        'a="b" c="d"',
        "a=b",
        'a<>"b"',
        '(a="b"',
        'a="b")',
        'a=("b" AND "c")',
        "NOT",
        "",
        'a!="b"',
        'a=~"b"',
        "jsonPayload.x",
    ],
)
def test_a_query_that_is_not_understood_is_no_query(text: str) -> None:
    with pytest.raises(SyntaxError):
        query_from(text)


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('a="X"', True),
        ('a:"x" AND NOT b=true', True),
        ('a="y" OR a="x"', True),
        ('NOT missing="x"', True),
        ('missing="x"', False),
        ("n>2", False),
        ("n>=2 AND b=false", True),
        ('n="2"', True),
        ('a=("y" OR "z")', False),
        ('NOT (a="x" AND n=2)', False),
        ('a="x" OR n=2 AND n=3', False),
        ("severity>=WARNING", True),
        ("severity>ERROR", False),
        ('o.p="q"', True),
        ('a.p="q"', False),
    ],
)
def test_a_query_matches_as_cloud_loggings_does(text: str, *, matches: bool) -> None:
    entry: dict[str, Any] = {"a": "x", "b": False, "n": 2, "severity": "ERROR", "o": {"p": "q"}}
    assert query_from(text).matches(entry) is matches
