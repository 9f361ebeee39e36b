"""`operatorRequests/{id}` ↔ what an operator asks for, why, and the outcome.

Only those who may write anything write here. Even so, each defect is reported: nothing is guessed.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from database.documents.values import text_or_none, time_or_none
from database.ids import is_document_id, is_order_id
from database.store import Document, Fields, Update
from orders.money import amount_or_none
from orders.numbers import whole_number
from orders.operator_events import (
    OPERATOR_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    STOCK_UNITS_MAX,
    EffectRetried,
    EventReplayed,
    HandledKind,
    HoldProlonged,
    HoldReleased,
    MarkedAsHandled,
    OperatorEvent,
    OrderAccepted,
    OrderCancelled,
    RefundOrdered,
    StockAdjusted,
    StockMode,
)
from orders.order import OrderStatus
from orders.outcome import Outcome, Result
from orders.restocking import restock_from
from settlement.snapshot import OperatorRequest

if TYPE_CHECKING:
    from database.differences import Row

DEFECT_CHARACTERS_MAX: Final = 1_000
"""A defect quotes names from the request, which may be as long as a document, and must fit in beside it."""


class _Defect(ValueError):
    """Why a document is no request, as a message for its author."""


def operator_request_path(request_id: str) -> str:
    return f"operatorRequests/{request_id}"


def operator_request_from(request_id: str, document: Document) -> OperatorRequest:
    fields = document.fields
    settled = _settled_from(fields)
    try:
        event, is_rehearsal = _event_from(request_id, fields), _flag_in(fields, _REHEARSE)
    except _Defect as defect:
        return OperatorRequest(None, str(defect)[:DEFECT_CHARACTERS_MAX], settled, document.version)
    return OperatorRequest(event, None, settled, document.version, is_rehearsal)


def answered_request(
    request_id: str,
    request: OperatorRequest,
    outcome: Outcome,
    now: datetime,
    lifetime: timedelta,
    differences: "Iterable[Row]" = (),
) -> Update:
    """Write the outcome, and let the request expire: it only repeats the audit trail from now on, and names a person.

    Args:
        differences: for a rehearsal, how documents would change.
    """
    answer = {"settledAt": now, "result": str(outcome.result), "note": outcome.note, "expireAt": now + lifetime}
    if request.is_rehearsal:
        answer["differences"] = [
            {"document": path, "field": name, "before": before, "after": after}
            for path, name, before, after in differences
        ]
    return Update(operator_request_path(request_id), answer, request.version)


def _settled_from(fields: Fields) -> Outcome | None:
    result = fields.get("result")
    if fields.get("settledAt") is None or not isinstance(result, str) or result not in _RESULTS:
        return None
    names_order = result != Result.INVALID_REQUEST and fields.get("kind") not in OF_NO_ORDER
    target = fields.get("target") if names_order else None
    return Outcome(Result(result), text_or_none(target), text_or_none(fields.get("note")))


def _event_from(request_id: str, fields: Fields) -> OperatorEvent:
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise _Defect(f"kind must be one of {', '.join(sorted(_KINDS))}")
    build, parameters = _KINDS[kind]
    if unknown := sorted(set(fields) - _COMMON - _ANSWER - parameters):
        raise _Defect(f"a request of this kind has no field {', '.join(map(repr, unknown))}")
    if time_or_none(fields.get("createdAt")) is None:
        raise _Defect("createdAt must be a time")
    said = {
        "request_id": request_id,
        "operator": _text_in(fields, "operator", OPERATOR_CHARACTERS_MAX),
        "reason": _text_in(fields, "reason", REASON_CHARACTERS_MAX),
    }
    return build(fields, said)


def _refund(fields: Fields, said: Mapping[str, Any]) -> RefundOrdered:
    if (mistaken_id := fields.get("mistake")) is not None:
        if not is_document_id(mistaken_id):
            raise _Defect("mistake must be the id of a refund")
        if set(fields) & _OF_REFUND:
            raise _Defect("a mistake takes only the refund's id, and no amount, payment or restock")
        return RefundOrdered(**said, **_order_in(fields), mistaken_id=mistaken_id)
    amount, named = fields.get("amount"), fields.get("restock")
    if amount is not None and not amount_or_none(amount):
        raise _Defect(
            "amount must be a whole number of minor units, at least 1; without one, all that is left goes back"
        )
    restock = restock_from(named, is_document_id)
    if named is not None and restock is None:
        raise _Defect("restock must be all, none, or a list of productId:quantity")
    return RefundOrdered(
        **said,
        **_order_in(fields),
        amount=amount_or_none(amount),
        payment_id=_payment_in(fields),
        restock=restock,
        is_again=_flag_in(fields, "again"),
        is_elsewhere=_flag_in(fields, "elsewhere"),
    )


def _extension(fields: Fields, said: Mapping[str, Any]) -> HoldProlonged:
    if (until := time_or_none(fields.get("until"))) is None:
        raise _Defect("until must be a time")
    return HoldProlonged(**said, **_order_in(fields), until=until)


def _handle(fields: Fields, said: Mapping[str, Any]) -> MarkedAsHandled:
    of = fields.get("of")
    if not isinstance(of, str) or of not in _HANDLED_KINDS:
        raise _Defect("of must be effect, finding or event: what target is the id of")
    return MarkedAsHandled(**said, of=HandledKind(of), target_id=_id_in(fields, f"that {of}"))


def _stock(fields: Fields, said: Mapping[str, Any]) -> StockAdjusted:
    product_id, mode, quantity = _id_in(fields, "a product"), fields.get("mode"), whole_number(fields.get("quantity"))
    if not isinstance(mode, str) or mode not in _MODES:
        raise _Defect("mode must be set, add or recount")
    if mode == StockMode.RECOUNT:
        if set(fields) & (_OF_STOCK - {"mode"}):
            raise _Defect("a recount has no other field than its mode")
        return StockAdjusted(**said, product_id=product_id, mode=StockMode.RECOUNT)
    least = 0 if mode == StockMode.SET else -STOCK_UNITS_MAX
    if quantity is None or not least <= quantity <= STOCK_UNITS_MAX:
        raise _Defect(f"quantity must be a whole number from {least} to {STOCK_UNITS_MAX}")
    is_new, backorder = _flag_in(fields, "new"), whole_number(fields.get("backorder", 0))
    if backorder is None or not 0 <= backorder <= STOCK_UNITS_MAX or (backorder and not is_new):
        raise _Defect(f"backorder must be a whole number from 0 to {STOCK_UNITS_MAX}, and only for a new product")
    return StockAdjusted(
        **said,
        product_id=product_id,
        mode=StockMode(mode),
        quantity=quantity,
        is_forced=_flag_in(fields, "force"),
        is_new=is_new,
        backorder=backorder,
    )


_EXPECTED: Final = "expectedStatus"
_OF_REFUND: Final = {"amount", "payment", "restock", "again", "elsewhere"}
_OF_STOCK: Final = {"mode", "quantity", "force", "new", "backorder"}
_KINDS: Final[Mapping[str, tuple[Callable[[Fields, Mapping[str, Any]], OperatorEvent], set[str]]]] = {
    "accept": (
        lambda fields, said: OrderAccepted(**said, **_order_in(fields), payment_id=_payment_in(fields)),
        {_EXPECTED, "payment"},
    ),
    "refund": (_refund, _OF_REFUND | {_EXPECTED, "mistake"}),
    "release": (lambda fields, said: HoldReleased(**said, **_order_in(fields)), {_EXPECTED}),
    "extend": (_extension, {_EXPECTED, "until"}),
    "cancel": (lambda fields, said: OrderCancelled(**said, **_order_in(fields)), {_EXPECTED}),
    "stock": (_stock, _OF_STOCK),
    "retry": (lambda fields, said: EffectRetried(**said, effect_id=_id_in(fields, "an effect")), set()),
    "replay": (
        lambda fields, said: EventReplayed(**said, stripe_event_id=_id_in(fields, "an event of Stripe's")),
        set(),
    ),
    "handle": (_handle, {"of"}),
}
"""For each kind of request, the function that builds its event, and the fields it has besides the common ones."""
OF_NO_ORDER: Final = ("stock", "retry", "replay", "handle")
"""Their target is no order, although its id may look like one."""
_PAYMENT_ID: Final = re.compile(r"(pi|ch|py)_[A-Za-z0-9_]{1,250}")
_REHEARSE: Final = "rehearse"
_COMMON: Final = {"kind", "target", "reason", "operator", "createdAt", _REHEARSE}
ASKED: Final = _COMMON.union(*(parameters for _, parameters in _KINDS.values()))
"""All fields that a request may have. The rules let a browser write no others."""
_ANSWER: Final = {"settledAt", "result", "note", "expireAt", "differences"}
_RESULTS: Final = frozenset(Result)
_MODES: Final = frozenset(StockMode)
_STATUSES: Final = frozenset(OrderStatus)
_HANDLED_KINDS: Final = frozenset(HandledKind)


def _order_in(fields: Fields) -> dict[str, Any]:
    order_id, expected = fields.get("target"), fields.get(_EXPECTED)
    if not is_order_id(order_id):
        raise _Defect("target must be the id of an order")
    if expected is not None and not (isinstance(expected, str) and expected in _STATUSES):
        raise _Defect(f"{_EXPECTED} must be the status of an order")
    return {"order_id": order_id, "expected_status": OrderStatus(expected) if expected else None}


def _id_in(fields: Fields, what: str) -> str:
    target = fields.get("target")
    if not is_document_id(target):
        raise _Defect(f"target must be the id of {what}")
    return target


def _payment_in(fields: Fields) -> str | None:
    payment_id = fields.get("payment")
    if payment_id is None:
        return None
    if not (isinstance(payment_id, str) and _PAYMENT_ID.fullmatch(payment_id)):
        raise _Defect("payment must be the id of a PaymentIntent or of a charge")
    return payment_id


def _flag_in(fields: Fields, name: str) -> bool:
    if not isinstance(flag := fields.get(name, False), bool):
        raise _Defect(f"{name} must be true or false")
    return flag


def _text_in(fields: Fields, name: str, characters_max: int) -> str:
    text = fields.get(name)
    if not isinstance(text, str) or not text.strip() or len(text) > characters_max:
        raise _Defect(f"{name} must be a text of 1 to {characters_max} characters")
    return text
