"""The way to Stripe, with the key in the environment; beside the emulators, to what stands in for it."""

from collections.abc import Mapping

from service.environment import is_emulated
from service.secrets import STRIPE_API_KEY, stripe_key
from stripe_api.api import StripeApi
from stripe_api.client import ORIGIN, StripeClient
from stripe_api.keys import EMULATORS_KEY, StripeKey
from tools.addresses import NoEmulators, found
from tools.toolchain import BUILD


def stripe_access(settings: Mapping[str, str], environment: Mapping[str, str]) -> StripeApi | None:
    """What asks Stripe with the key in the environment; without one, the stand-in beside the emulators, or nothing.

    Raises:
        SettingsError: the text is no key, or one of the mode that the shop does not expect.
    """
    if key := stripe_key({**settings, STRIPE_API_KEY: environment.get(STRIPE_API_KEY, "")}):
        return StripeClient(key, ORIGIN)
    if not is_emulated(settings):
        return None
    try:
        return StripeClient(StripeKey(EMULATORS_KEY, livemode=False), f"http://{found(environment, BUILD).stripe}")
    except NoEmulators:
        return None
