"""Cloud Scheduler's entry point: one run, and its outcome as a status."""

import json
from collections.abc import Mapping
from typing import Final

from flask import Request, Response

from orders.frozen import frozen
from orders.outcome import Transient
from reconciliation.job import Reconciliation
from reconciliation.reconciled import AtStripe, Reconciled
from service.refusal import refused_for_method

_STATUS: Final[Mapping[AtStripe, int]] = {
    AtStripe.ASKED: 200,
    AtStripe.NO_KEY: 200,
    AtStripe.UNAVAILABLE: 503,
    AtStripe.REFUSED: 500,
    AtStripe.OTHER_ACCOUNT: 500,
}


@frozen
class ReconciliationEndpoint:
    job: Reconciliation

    def respond(self, request: Request) -> Response:
        """Reconcile, and report what was done. 500 after a fault, 503 if Stripe or the database was unavailable."""
        if request.method != "POST":
            return refused_for_method()
        try:
            reconciled = self.job.run()
        except Transient as unavailable:
            self.job.log("WARNING", f"{type(unavailable).__name__}: {unavailable}", result="not_reconciled")
            return _answer(503, {"error": "the reconciliation did not finish; the next run continues"})
        return _answer(_status_of(reconciled), reconciled.summary())


def _status_of(reconciled: Reconciled) -> int:
    return 500 if reconciled.faults else _STATUS[reconciled.at_stripe]


def _answer(status: int, body: Mapping[str, object]) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")
