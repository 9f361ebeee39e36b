"""A payment that is delivered again or replayed, and what may be on record of it by then."""

from tests.support.builders import LATER, something_not_understood
from tests.support.orders import known
from tests.support.payments import a_payment
from tests.support.snapshots import SET_ASIDE, a_claim, a_parked_claim

AGAIN, REPLAY = a_payment(delivered_at=LATER), a_payment(is_replay=True)
CLAIMED, PARKED = known(claim=a_claim()), known(claim=a_parked_claim())
SETTLED, WAS_SET_ASIDE = known(audited=True), known(set_aside=SET_ASIDE)
CLAIMED_AS_SET_ASIDE = known(claim=a_claim("livemode_mismatch"))
UNREADABLE = something_not_understood(delivered_at=LATER)
