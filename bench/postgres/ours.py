"""The deployed webhook, unchanged, on a Firestore at another address.

No setting moves Firestore: a service that its environment can redirect is one setting away from giving its token to a
stranger. So, as in the tests, the address is patched before anything connects.
"""

import os
from unittest import mock

mock.patch("database.connection._ORIGIN", os.environ["BENCH_FIRESTORE_ORIGIN"]).start()

from main import stripe_webhook  # noqa: E402 - comes after

__all__ = ["stripe_webhook"]
