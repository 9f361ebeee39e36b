"""Gathers what the checks need: the project and its secrets, Stripe's endpoints, and two answers of the webhook."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from service.environment import UNSET, SettingsError
from service.secrets import STRIPE_WEBHOOK_SECRET
from service.settings import CANARY_URL, settings_from
from tools.deploying import rights
from tools.deploying.defects import Defect
from tools.deploying.found import Found, found_in
from tools.deploying.google import Google, Json, NotAllowed, listed
from tools.deploying.wanted import NotDeployable, Wanted
from tools.diagnosing.check import Unseen
from tools.diagnosing.effects import Effects, effects_in
from tools.diagnosing.probes import answer_to_forged, answer_to_unknown
from tools.diagnosing.stripe_api import API_KEY, ServicesKey, endpoints_of, services_key
from webhooks.signing_secrets import SigningSecret

SigningSecrets = tuple[SigningSecret, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    off: tuple[str, ...]
    """Needed APIs that are off."""
    found: Found | Unseen
    addresses: tuple[str, ...]
    """The webhook's URLs, starting with the canary's, if it is on; none if the webhook is not deployed."""
    secrets: SigningSecrets | Defect | Unseen = field(repr=False)
    """The secrets that the webhook verifies with."""
    policies: Sequence[Json] | Unseen
    channels: Sequence[Json] | Unseen
    endpoints: Sequence[Json] | Unseen
    """Stripe's endpoints, of the API key's mode."""
    api_key: ServicesKey | Defect | Unseen | None
    """What the service's own key may do at Stripe; None if it has none."""
    effects: Effects | Unseen
    forged: str | Unseen
    """The answer to a forged signature: a status, and the result or error."""
    signed: Sequence[str] | Unseen
    """The answers to an event of an unknown type, signed with each secret."""


def seen_of(wanted: Wanted, google: Google, environment: Mapping[str, str], now: datetime) -> Seen:
    """Changes nothing, except for two log lines of the webhook.

    Raises:
        NotDeployable: Google cannot be asked, or not by the signed-in user.
    """
    off = tuple(api for api in wanted.apis if not _is_on(google, wanted.project, api))
    found = _found(google, wanted, is_all_on=not off)
    webhook = None if isinstance(found, Unseen) else _webhook_in(found, wanted)
    secrets = found if isinstance(found, Unseen) else _secrets(google, wanted, found)
    addresses = _addresses(webhook, wanted) if webhook else ()
    return Seen(
        off=off,
        found=found,
        addresses=addresses,
        secrets=secrets,
        policies=_watching(google, wanted.project, "alertPolicies"),
        channels=_watching(google, wanted.project, "notificationChannels"),
        endpoints=endpoints_of(environment.get(API_KEY, "")),
        api_key=found if isinstance(found, Unseen) else _api_key(google, wanted, found),
        effects=found if isinstance(found, Unseen) else effects_in(google, wanted, now),
        forged=answer_to_forged(addresses[0], now) if addresses else not_deployed(wanted),
        signed=_signed(addresses, secrets, wanted, now),
    )


def not_deployed(wanted: Wanted) -> Unseen:
    return Unseen("the webhook is not deployed", f"make deploy PROJECT={wanted.project}")


def _is_on(google: Google, project: str, api: str) -> bool:
    service = google.get(f"serviceusage.googleapis.com/v1/projects/{project}/services/{api}") or {}
    return service.get("state") == "ENABLED"


def _found(google: Google, wanted: Wanted, *, is_all_on: bool) -> Found | Unseen:
    try:
        return found_in(google, wanted, needed=rights.READERS)
    except NotDeployable as problem:
        if is_all_on:
            raise
        return Unseen(str(problem), "turn on the APIs first")


def _webhook_in(found: Found, wanted: Wanted) -> Json | None:
    """The function that anybody may call and that has the signing secret, if it exists."""
    places = (
        (one.region, one.name)
        for one in wanted.functions
        if rights.ANYBODY in one.invokers and STRIPE_WEBHOOK_SECRET in one.secrets
    )
    return next((found.functions[place] for place in places if place in found.functions), None)


def _addresses(webhook: Json, wanted: Wanted) -> tuple[str, ...]:
    urls = (wanted.settings.get(CANARY_URL, ""), webhook["serviceConfig"].get("uri", ""), webhook.get("url", ""))
    return tuple(dict.fromkeys(url.rstrip("/") for url in urls if url))


def _secrets(google: Google, wanted: Wanted, found: Found) -> SigningSecrets | Defect | Unseen:
    text = _text_of(STRIPE_WEBHOOK_SECRET, google, wanted, found)
    return _usable(text) if isinstance(text, str) else text


def _api_key(google: Google, wanted: Wanted, found: Found) -> ServicesKey | Defect | Unseen | None:
    text = _text_of(API_KEY, google, wanted, found)
    if not isinstance(text, str):
        return text
    return services_key(text) if text not in ("", UNSET) else None


def _text_of(name: str, google: Google, wanted: Wanted, found: Found) -> str | Defect | Unseen:
    """The value of a secret, in the version of the first deployed function that has it."""
    if name not in found.secrets:
        return Unseen(f"{name} has no value yet", "set it first")
    functions = [found.functions.get((one.region, one.name), {}) for one in wanted.functions]
    bound = [one for each in functions for one in each.get("serviceConfig", {}).get("secretEnvironmentVariables", ())]
    version = next((one["version"] for one in bound if one["key"] == name), found.secrets[name])
    address = f"projects/{wanted.project}/secrets/{name}/versions/{version}:access"
    try:
        accessed = google.get(f"secretmanager.googleapis.com/v1/{address}") or {}
    except NotAllowed:
        return Unseen(
            f"whoever is signed in may not read {name}",
            f"ask somebody who may: roles/secretmanager.secretAccessor on {name}",
        )
    except NotDeployable as problem:
        # New instances cannot read it either.
        return Defect(f"version {version} of {name} cannot be read: {problem}", "set it, and deploy")
    text = base64.b64decode(accessed.get("payload", {}).get("data", "")).decode(errors="replace")
    return text.strip(" \t\r\n")


def _usable(text: str) -> SigningSecrets | Defect:
    """Parses the secrets like the service, whose messages repeat nothing of a secret."""
    remedy = "set it as docs/runbook.md says (Rolling the secret), and deploy"
    try:
        secrets = settings_from({STRIPE_WEBHOOK_SECRET: text}).webhook_secrets
    except SettingsError as error:
        return Defect(str(error), remedy)
    return secrets or Defect(f"{STRIPE_WEBHOOK_SECRET} is still unset, so the webhook refuses everything", remedy)


def _watching(google: Google, project: str, what: str) -> Sequence[Json] | Unseen:
    try:
        return listed(google, f"monitoring.googleapis.com/v3/projects/{project}/{what}")
    except NotAllowed:
        return Unseen("whoever is signed in may not read this", "ask somebody who may: roles/monitoring.viewer")


def _signed(
    addresses: Sequence[str], secrets: SigningSecrets | Defect | Unseen, wanted: Wanted, now: datetime
) -> Sequence[str] | Unseen:
    if not addresses:
        return not_deployed(wanted)
    match secrets:
        case Unseen():
            return secrets
        case Defect():
            return Unseen("there is no secret for signing", "see above")
        case _:
            return [answer_to_unknown(addresses[0], secret, now) for secret in secrets]
