"""What each client of the shop may do, and what nobody may, as sentences."""

from typing import Final

from tests.emulator.rules.admins import ADMINS_PERMITTED, ADMINS_REFUSED, _closed_to_all_others
from tests.emulator.rules.details import CHECKOUTS_PERMITTED, CHECKOUTS_REFUSED, DETAILS_PERMITTED, DETAILS_REFUSED
from tests.emulator.rules.notices import NOTICES_PERMITTED, NOTICES_REFUSED, PRODUCTS_PERMITTED, PRODUCTS_REFUSED
from tests.emulator.rules.operating import OPERATING_PERMITTED, OPERATING_REFUSED
from tests.emulator.rules.orders import (
    CANCEL_REQUESTS_PERMITTED,
    CANCEL_REQUESTS_REFUSED,
    ORDERS_PERMITTED,
    ORDERS_REFUSED,
)
from tests.emulator.rules.reaching import REACHING_PERMITTED, REACHING_REFUSED

PERMITTED: Final = {
    **ORDERS_PERMITTED,
    **CANCEL_REQUESTS_PERMITTED,
    **DETAILS_PERMITTED,
    **CHECKOUTS_PERMITTED,
    **REACHING_PERMITTED,
    **NOTICES_PERMITTED,
    **PRODUCTS_PERMITTED,
    **ADMINS_PERMITTED,
    **OPERATING_PERMITTED,
}
REFUSED: Final = {
    **ORDERS_REFUSED,
    **CANCEL_REQUESTS_REFUSED,
    **DETAILS_REFUSED,
    **CHECKOUTS_REFUSED,
    **REACHING_REFUSED,
    **NOTICES_REFUSED,
    **PRODUCTS_REFUSED,
    **ADMINS_REFUSED,
    **OPERATING_REFUSED,
    **dict(_closed_to_all_others()),
}
