"""Push messages to a customer's devices."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import google.auth
from google.auth.exceptions import DefaultCredentialsError

from database.access_token import AccessToken
from database.google_credentials import token_of
from database.store import Queries
from effects.outside import Skipped
from notifications.channel import Person, Transport
from notifications.channels import ChannelKit
from notifications.push.devices import Devices
from notifications.texts import Text
from orders.frozen import frozen
from service.environment import SettingsError

_SCOPES: Final = ("https://www.googleapis.com/auth/firebase.messaging",)


@frozen
class Push:
    transport: Transport
    queries: Callable[[], Queries]

    def message(self, text: Text, notice: Mapping[str, object], person: Person) -> Mapping[str, object] | Skipped:
        """To the devices registered now: a device that signs in later does not get old news.

        Raises:
            StoreUnavailable: the database did not return them.
        """
        tokens = self.queries().fcm_tokens(person.user_id) if person.user_id else ()
        if not tokens:
            return Skipped("the customer has registered no device")
        return {
            "userId": person.user_id,
            "tokens": list(tokens),
            "title": text.subject,
            "body": text.short,
            "data": {name: str(notice[name]) for name in ("orderId", "type")},
            "link": text.page,
        }

    def send(self, message: Mapping[str, object], key: str) -> Skipped | None:
        """Raises Failed; Transient if our own database did not say which devices are still registered."""
        return self.transport(message, key)


def channel_from(kit: ChannelKit) -> Push:
    """Raises SettingsError."""
    return Push(kit.transport(lambda: _devices(kit).send), kit.queries)


def _devices(kit: ChannelKit) -> Devices:
    try:
        credentials, project = google.auth.default(scopes=_SCOPES)
    except DefaultCredentialsError as error:
        raise SettingsError("pushes cannot be sent: there are no Google credentials") from error
    if not (project := kit.project or project):
        raise SettingsError("pushes cannot be sent: no Google Cloud project is named")
    return Devices(project, AccessToken(partial(token_of, credentials)).headers, kit.store)
