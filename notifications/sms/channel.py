"""SMS for customers."""

from collections.abc import Mapping

from effects.outside import Skipped
from notifications.channel import Person, Transport
from notifications.channels import ChannelKit
from notifications.sms.settings import Countries, countries_from, twilio_from
from notifications.texts import Text
from orders.frozen import frozen


@frozen
class Sms:
    """Sends the short text, never cut off.

    It has at most 160 characters: one segment in the GSM alphabet. A single other character makes it up to three, since
    then the first 70 characters fill one segment, or 67 each of several
    (https://www.twilio.com/docs/glossary/what-is-gsm-7-character-encoding).
    """

    transport: Transport
    countries: Countries

    def message(self, text: Text, notice: Mapping[str, object], person: Person) -> Mapping[str, object] | Skipped:  # noqa: ARG002 - it is all in the text
        """To the number that the customer's account has verified: the rules allow no other in `users/{userId}`."""
        if person.phone is None:
            return Skipped("no phone number of the customer is known")
        if not self.countries.include(person.phone):
            return Skipped("the customer's country is not in SMS_COUNTRIES")
        return {"to": person.phone, "text": text.short}

    def send(self, message: Mapping[str, object], key: str) -> Skipped | None:
        """Raises Failed."""
        return self.transport(message, key)


def channel_from(kit: ChannelKit) -> Sms:
    """Raises SettingsError."""
    transport = kit.transport(lambda: twilio_from(kit.environment).send)
    return Sms(transport, countries_from(kit.environment))
