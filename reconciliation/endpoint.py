"""Cloud Scheduler's entry point: one run, and its outcome as a status."""

from collections.abc import Mapping
from typing import Final

from flask import Request, Response

from orders.frozen import frozen
from orders.outcome import Transient
from reconciliation.job import Reconciliation
from reconciliation.reconciled import AtStripe
from service.answers import json_answer, refused_for_method

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
            return json_answer(503, {"error": "the reconciliation did not finish; the next run continues"})
        return json_answer(500 if reconciled.faults else _STATUS[reconciled.at_stripe], reconciled.summary())
