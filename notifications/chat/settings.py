"""Which chat operators are notified in."""

import re
from collections.abc import Mapping
from typing import Final

from notifications.chat.webhook import Webhook
from service.environment import SettingsError

CHAT_WEBHOOK_URL: Final = "CHAT_WEBHOOK_URL"

_URL: Final = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[!-~]+")


def webhook_from(environment: Mapping[str, str]) -> Webhook:
    """Raises SettingsError."""
    url = environment.get(CHAT_WEBHOOK_URL, "").strip()
    if not _URL.fullmatch(url):
        raise SettingsError(f"{CHAT_WEBHOOK_URL} must be an address that begins with https://")
    return Webhook(url)
