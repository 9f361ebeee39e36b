"""The SMS settings: which account and number send, and to which countries."""

import re
from collections.abc import Mapping
from typing import Final

from notifications.sms.twilio import Twilio
from orders.frozen import frozen
from service.environment import SettingsError

TWILIO_ACCOUNT_SID: Final = "TWILIO_ACCOUNT_SID"
TWILIO_USER_SID: Final = "TWILIO_USER_SID"
SMS_FROM: Final = "SMS_FROM"
SMS_COUNTRIES: Final = "SMS_COUNTRIES"
SMS_AUTH_TOKEN: Final = "SMS_AUTH_TOKEN"  # noqa: S105 - the setting's name, not its value

ALL_COUNTRIES: Final = "*"

_ACCOUNT: Final = re.compile(r"AC[0-9a-fA-F]{32}")
_API_KEY: Final = re.compile(r"SK[0-9a-fA-F]{32}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9]{16,64}")
# A number, a short code or a name: https://www.twilio.com/docs/messaging/api/message-resource#from-phone-number.
_FROM: Final = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")
_SENDER: Final = re.compile(f"{_SERVICE.pattern}|{_FROM.pattern}")
_COUNTRY: Final = re.compile(r"\+[1-9][0-9]{0,6}")


@frozen
class Countries:
    """The calling codes to which SMS are sent."""

    codes: tuple[str, ...]
    """In the form `+49`; an empty one allows all."""

    def include(self, phone: str) -> bool:
        return phone.startswith(self.codes)


def countries_from(environment: Mapping[str, str]) -> Countries:
    """The countries where the shop sells. There is no default: that would be everywhere, for a fraudster to choose.

    Fraudsters who get a share of the price of SMS to their own, verified numbers cause many of them
    (https://www.twilio.com/docs/glossary/what-is-sms-pumping-fraud). `*` means everywhere, and `+1` includes the
    Caribbean.

    Raises:
        SettingsError: it names no country.
    """
    codes = tuple(filter(None, map(str.strip, environment.get(SMS_COUNTRIES, "").split(","))))
    if codes == (ALL_COUNTRIES,):
        return Countries(("",))
    if not codes or not all(map(_COUNTRY.fullmatch, codes)):
        raise SettingsError(f"{SMS_COUNTRIES} must list the calling codes to which SMS are sent, such as +49, or be *")
    return Countries(codes)


def twilio_from(environment: Mapping[str, str]) -> Twilio:
    """Raises SettingsError."""
    account = _setting(environment, TWILIO_ACCOUNT_SID, _ACCOUNT, "an account's SID: AC and 32 digits")
    user = account
    if environment.get(TWILIO_USER_SID, "").strip():
        user = _setting(environment, TWILIO_USER_SID, _API_KEY, "an API key's SID: SK and 32 digits")
    return Twilio(
        account=account,
        user=user,
        secret=_setting(environment, SMS_AUTH_TOKEN, _TOKEN, f"Twilio's, or the secret of {TWILIO_USER_SID}"),
        sender=_sender(environment),
    )


def _sender(environment: Mapping[str, str]) -> Mapping[str, str]:
    what = "a number such as +4930123456, a short code, a name of 1 to 11 letters, or a Messaging Service's SID"
    sender = _setting(environment, SMS_FROM, _SENDER, what)
    return {"MessagingServiceSid" if _SERVICE.fullmatch(sender) else "From": sender}


def _setting(environment: Mapping[str, str], name: str, form: re.Pattern[str], what: str) -> str:
    """The setting's text. Errors repeat none: one setting is secret, and may have been put into another by mistake."""
    text = environment.get(name, "").strip()
    if not form.fullmatch(text):
        raise SettingsError(f"{name} must be {what}")
    return text
