"""Stripe's API with the key in the environment; beside the emulators, their stand-in."""

from collections.abc import Mapping

from service.environment import NOT_CONFIGURED, is_emulated
from service.secrets import STRIPE_API_KEY, STRIPE_API_URL, stripe_api_url, stripe_key
from stripe_api.api import StripeApi
from stripe_api.client import ORIGIN, StripeClient
from stripe_api.keys import EMULATORS_KEY
from tools.addresses import NoEmulators, found
from tools.toolchain import BUILD


def stripe_access(settings: Mapping[str, str], environment: Mapping[str, str]) -> StripeApi | None:
    """Stripe's API; None without a key.

    Raises:
        SettingsError: the text is not a key, or is one of the mode that the shop does not expect.
    """
    complete = with_key(settings, environment)
    key = stripe_key(complete)
    return StripeClient(key, stripe_api_url(complete) or ORIGIN) if key else None


def with_key(settings: Mapping[str, str], environment: Mapping[str, str]) -> Mapping[str, str]:
    """The shop's settings with the key in the environment; without one beside the emulators, with the stand-in's.

    Beside the emulators, the stand-in's own key is used only for the stand-in: Stripe does not know it.
    """
    text = environment.get(STRIPE_API_KEY, "").strip()
    emulated = is_emulated(settings)
    if text not in NOT_CONFIGURED and not (emulated and text == EMULATORS_KEY):
        return {**settings, STRIPE_API_KEY: text}
    without = {name: value for name, value in settings.items() if name != STRIPE_API_KEY}
    if not emulated:
        return without
    try:
        stand_in = found(environment, BUILD).stripe
    except NoEmulators:
        return without
    return {**without, STRIPE_API_KEY: EMULATORS_KEY, STRIPE_API_URL: f"http://{stand_in}"}
