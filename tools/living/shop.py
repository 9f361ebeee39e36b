"""Makes things happen in the emulators' shop: writes its past, then keeps going until Ctrl-C."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from service.settings import settings_from
from settlement.terms import Terms
from tools.addresses import PROJECT
from tools.catalogue import seed
from tools.deploying.dotenv import settings_of
from tools.living.past import documents_after, supplies
from tools.living.plots import Customer, chance_of, customers
from tools.living.present import Present, Time, put
from tools.living.scenes import DAYS, visits_from, visits_until
from tools.local_shop import LocalShop
from tools.toolchain import ROOT
from webhooks.signing_secrets import EMULATORS_SECRET


def open_for_business(shop: LocalShop, seed_of_chance: str, now: datetime, operator: str) -> int:
    """Give a shop without orders a past, and any shop customers. Returns the number of orders created.

    The same seed gives the same past at the same time. Raises GoogleAPIError.
    """
    chance, opened_at = chance_of(seed_of_chance), now - timedelta(days=DAYS)
    known = customers(chance)
    if [*shop.client.collection("orders").limit(1).stream()]:
        seed(shop.client)
        put(shop.client, _contacts(known))
        return 0
    supplied = supplies(opened_at, now, operator)
    documents = documents_after(visits_until(now, known, chance), supplied, now, terms_of_the_emulators(), chance)
    put(shop.client, {**documents, **_contacts(known)})
    return sum(path.startswith("orders/") for path in documents)


def let_live(
    shop: LocalShop, seed_of_chance: str, time: Time, say: Callable[[str], object], *, operator: str, sweeps: bool
) -> None:
    """Let something happen every few seconds, until the emulators are gone.

    Args:
        operator: who counts what suppliers bring.
        sweeps: whether nobody else sweeps the shop.
    """
    # The same customers as when it was opened; visits get new ids by adding the time to the seed.
    known, chance = customers(chance_of(seed_of_chance)), chance_of(f"{seed_of_chance} from {time.now().isoformat()}")
    visits = visits_from(time.now(), known, chance)
    Present(shop, visits, terms_of_the_emulators(), chance, say).pass_by(time, operator=operator, sweeps=sweeps)


def terms_of_the_emulators() -> Terms:
    """The terms of the emulators' functions. Raises SettingsError."""
    settings = {**settings_of(ROOT, PROJECT), "FUNCTIONS_EMULATOR": "true", "STRIPE_WEBHOOK_SECRET": EMULATORS_SECRET}
    return settings_from(settings).terms


def _contacts(known: Sequence[Customer]) -> Mapping[str, Mapping[str, object]]:
    return {f"users/{customer.user_id}": {"email": customer.email} for customer in known}
