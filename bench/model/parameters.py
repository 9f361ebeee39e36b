"""Every assumption of the model, with its unit and its source."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, NamedTuple


class Basis(StrEnum):
    DOCUMENTED = "documented"
    MEASURED = "measured"
    ASSUMED = "assumed"


class Origin(NamedTuple):
    unit: str
    basis: Basis
    source: str


def _from(default: Any, unit: str, basis: Basis, source: str) -> Any:  # noqa: ANN401 - any type's default
    return field(default=default, metadata={"origin": Origin(unit, basis, source)})


@dataclass(frozen=True, slots=True)
class Parameters:
    commit_seconds: float = _from(
        0.025,
        "s that a commit keeps the documents that it writes to itself",
        Basis.ASSUMED,
        "no rate is documented: https://firebase.google.com/docs/firestore/best-practices#updates_to_a_single_document",
    )
    read_seconds: float = _from(0.005, "s that a read, a count or a query takes", Basis.ASSUMED, "same region")
    network_seconds: float = _from(0.002, "s there and back", Basis.ASSUMED, "same region")
    lock_wait_seconds: float = _from(
        1.0,
        "s that a commit waits for a document at most, before it is ABORTED",
        Basis.ASSUMED,
        "documented without a time: https://firebase.google.com/docs/firestore/transaction-data-contention",
    )
    processor_seconds: float = _from(
        0.00075,
        "s of an instance's one processor for each RPC, with its share of the request",
        Basis.MEASURED,
        "1.5 ms a delivery of two RPCs: docs/performance.md#compared-with-postgresql",
    )
    transaction_attempts: int = _from(
        5,
        "attempts of a transaction, one right after the other",
        Basis.DOCUMENTED,
        "https://cloud.google.com/python/docs/reference/firestore/latest/google.cloud.firestore_v1.client.Client",
    )
    queue_seconds: float = _from(
        10.0,
        "s that a request waits for an instance, before it is refused",
        Basis.DOCUMENTED,
        "https://cloud.google.com/run/docs/about-instance-autoscaling",
    )
    pays_after_seconds: tuple[float, float] = _from(
        (0.2, 0.6), "s from the hold to Stripe's first event, evenly", Basis.ASSUMED, "so soon only to save time"
    )
    events_within_seconds: float = _from(
        0.5,
        "s within which the three events of a payment come, evenly",
        Basis.ASSUMED,
        "in any order: https://docs.stripe.com/webhooks#event-ordering",
    )
    folded_every_seconds: float = _from(
        2.0, "s from one run of the fold to the next", Basis.ASSUMED, "60 in functions.yaml; less, so that it shows"
    )

    def origins(self) -> Iterator[tuple[str, Any, Origin]]:
        """Each parameter's name, value and source."""
        return ((each.name, getattr(self, each.name), each.metadata["origin"]) for each in fields(self))


STOCK_WITHOUT_END: Final = 1_000_000
