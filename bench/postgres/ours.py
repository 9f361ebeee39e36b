"""The deployed webhook, as it is, on a Firestore that stands somewhere else.

Where Firestore is, no setting says, since a service that can be led elsewhere by its environment is one setting from
giving its token away. So it is changed from outside, as the tests do, before anything is connected.
"""

import os
from unittest import mock

mock.patch("database.connection._ORIGIN", os.environ["BENCH_FIRESTORE_ORIGIN"]).start()

from main import stripe_webhook  # noqa: E402 - comes after

__all__ = ["stripe_webhook"]
