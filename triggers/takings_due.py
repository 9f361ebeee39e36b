"""Every minute: take the sold units of hot products from the inventory."""

from collections.abc import Callable

from flask import Request, Response

from inventory.takings import Folded
from orders.frozen import frozen
from service.answers import json_answer, refused_for_method
from service.logs import Log, log_folded


@frozen
class TakingsDue:
    """The scheduled fold. Two runs may overlap, and the sweep folds, too."""

    fold: Callable[[], Folded]
    log: Log

    def respond(self, request: Request) -> Response:
        """Fold, and report what was done. 503 if the database failed before the end: the next run goes on."""
        if request.method != "POST":
            return refused_for_method()
        folded = self.fold()
        log_folded(self.log, folded)
        answer = {"orders": folded.orders, "complete": folded.lost is None}
        return json_answer(503 if folded.lost else 200, answer)
