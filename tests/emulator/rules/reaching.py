"""Customers say where and when to reach them, and nobody may say it for another."""

from typing import Final

from database.ids import OPERATORS
from tests.emulator.rules.clients import (
    ADMIN,
    ALICE,
    BOB,
    CHANGED_ALICE,
    KNOWN_ALICE,
    OPERATORS_NAMESAKE,
    SELF_MADE_ADMIN,
    UNAUTHENTICATED,
    UNVERIFIED_ALICE,
)
from tests.emulator.rules.shop import EARLIER, LATER, QUIET_HOURS, REMOVED, REQUEST_TIME, a_device, the_preferences

USER: Final = "users/alice"
DEVICES: Final = f"{USER}/fcmTokens"
DEVICE: Final = f"{DEVICES}/known"

REACHING_PERMITTED: Final = {
    "a customer says where and when to reach them": KNOWN_ALICE.sets(USER, the_preferences()),
    "a customer says nothing of it": ALICE.sets(USER, {}),
    "a customer says it first": BOB.sets("users/bob", {"locale": "de"}),
    "a customer whose account proves nothing chooses a language": ALICE.sets(USER, {"locale": "pt_BR"}),
    "a customer whose account proves nothing chooses a channel": ALICE.sets(USER, {"channels": {"push": False}}),
    "a customer chooses no channel": ALICE.sets(USER, {"channels": dict.fromkeys(("mail", "push", "sms"), False)}),
    "a customer's quiet hours are in a time zone with a sign": ALICE.sets(
        USER, {"quietHours": {"from": "00:00", "until": "19:59", "timeZone": "Etc/GMT+1"}}
    ),
    "a customer changes one of their preferences": KNOWN_ALICE.updates(USER, locale="de-CH"),
    "a customer withdraws their address": UNVERIFIED_ALICE.updates(USER, email=REMOVED),
    "a customer reads where they are reached": ALICE.gets(USER),
    "a customer deletes where they are reached": ALICE.deletes(USER),
    "a customer adds a device whose token has 512 characters": ALICE.sets(f"{DEVICES}/{'t' * 512}", a_device()),
    **{
        f"a customer adds a device of the platform {platform}": ALICE.sets(
            f"{DEVICES}/new", a_device(platform=platform)
        )
        for platform in ("android", "ios", "web")
    },
    "a customer adds a device again, which is as new": ALICE.sets(DEVICE, a_device(platform="ios")),
    "a customer removes a device": ALICE.deletes(DEVICE),
}

REACHING_REFUSED: Final = {
    "an unauthenticated caller cannot say where to reach a customer": UNAUTHENTICATED.sets(USER, {}),
    "a customer cannot say where to reach another": BOB.sets(USER, {"locale": "de"}),
    "a customer cannot change where another is reached": BOB.updates(USER, locale="de"),
    "an admin cannot say where to reach a customer": ADMIN.sets(USER, {"locale": "de"}),
    "a customer whose user id is the operators' cannot say where to reach operators": OPERATORS_NAMESAKE.sets(
        f"users/{OPERATORS}", {}
    ),
    "a customer cannot make themselves an admin": ALICE.sets(USER, {"admin": True}),
    "a customer cannot keep other fields": KNOWN_ALICE.updates(USER, name="Alice"),
    "a document that has other fields already stays as it is": SELF_MADE_ADMIN.updates("users/mallory", locale="de"),
    "a customer cannot have another's address": KNOWN_ALICE.updates(USER, email="bob@example.com"),
    "a customer cannot have an address in other letters": KNOWN_ALICE.updates(USER, email="Alice@example.com"),
    "a customer cannot have a list of addresses": KNOWN_ALICE.updates(USER, email=["alice@example.com"]),
    "a customer cannot have an address that is nothing": ALICE.sets(USER, {"email": None}),
    "a customer cannot have an address that is not verified": UNVERIFIED_ALICE.sets(
        USER, {"email": "alice@example.com"}
    ),
    "a customer without an address cannot have one": ALICE.sets(USER, {"email": "alice@example.com"}),
    "a customer cannot keep the address that their account had before": CHANGED_ALICE.updates(USER, locale="de"),
    "a customer cannot have another's phone number": KNOWN_ALICE.updates(USER, phone="+4915112345678"),
    "a customer without a phone number cannot have one": ALICE.sets(USER, {"phone": "+491701234567"}),
    "a customer cannot have a phone number that is nothing": ALICE.sets(USER, {"phone": None}),
    "a locale cannot be a number": KNOWN_ALICE.updates(USER, locale=1),
    "a locale cannot be empty": KNOWN_ALICE.updates(USER, locale=""),
    "a locale cannot lead to a folder": KNOWN_ALICE.updates(USER, locale="../de"),
    "a locale cannot have 36 characters": KNOWN_ALICE.updates(USER, locale="d" * 36),
    "channels cannot be a list": KNOWN_ALICE.updates(USER, channels=["mail"]),
    "channels cannot be others": KNOWN_ALICE.updates(USER, channels={"mail": True, "fax": True}),
    **{
        f"the channel {channel} cannot be perhaps": KNOWN_ALICE.updates(USER, channels={channel: "perhaps"})
        for channel in ("mail", "push", "sms")
    },
    "quiet hours cannot be a text": KNOWN_ALICE.updates(USER, quietHours="at night"),
    **{
        f"quiet hours cannot lack {name}": KNOWN_ALICE.updates(
            USER, quietHours={other: value for other, value in QUIET_HOURS.items() if other != name}
        )
        for name in QUIET_HOURS
    },
    "quiet hours cannot have other fields": KNOWN_ALICE.updates(USER, quietHours={**QUIET_HOURS, "days": "all"}),
    **{
        f"quiet hours cannot have {value!r} as {name}": KNOWN_ALICE.updates(
            USER, quietHours={**QUIET_HOURS, name: value}
        )
        for name, value in (
            *(("from", "24:00"), ("from", "7:00"), ("from", 22), ("until", "06:60"), ("until", None)),
            *(("timeZone", "Europe/../Berlin"), ("timeZone", "Z" * 65), ("timeZone", "")),
        )
    },
    "an unauthenticated caller cannot read where a customer is reached": UNAUTHENTICATED.gets(USER),
    "a customer cannot read where another is reached": BOB.gets(USER),
    "an admin cannot read where a customer is reached": ADMIN.gets(USER),
    "a customer whose user id is the operators' cannot read where operators are reached": OPERATORS_NAMESAKE.gets(
        f"users/{OPERATORS}"
    ),
    "a customer cannot list where all are reached": ALICE.lists("users"),
    "an admin cannot list where all are reached": ADMIN.lists("users"),
    "an unauthenticated caller cannot delete where a customer is reached": UNAUTHENTICATED.deletes(USER),
    "a customer cannot delete where another is reached": BOB.deletes(USER),
    "an admin cannot delete where a customer is reached": ADMIN.deletes(USER),
    "an unauthenticated caller cannot add a device": UNAUTHENTICATED.sets(f"{DEVICES}/new", a_device()),
    "a customer cannot add a device for another": BOB.sets(f"{DEVICES}/new", a_device()),
    "an admin cannot add a device for a customer": ADMIN.sets(f"{DEVICES}/new", a_device()),
    "a customer whose user id is the operators' cannot add a device": OPERATORS_NAMESAKE.sets(
        f"users/{OPERATORS}/fcmTokens/new", a_device()
    ),
    "a device cannot have a token of 513 characters": ALICE.sets(f"{DEVICES}/{'t' * 513}", a_device()),
    "a device cannot lack its date": ALICE.sets(f"{DEVICES}/new", a_device(createdAt=REMOVED)),
    "a device cannot be backdated": ALICE.sets(f"{DEVICES}/new", a_device(createdAt=EARLIER)),
    "a device cannot be postdated": ALICE.sets(f"{DEVICES}/new", a_device(createdAt=LATER)),
    "a device cannot lack its platform": ALICE.sets(f"{DEVICES}/new", a_device(platform=REMOVED)),
    "a device cannot be of another platform": ALICE.sets(f"{DEVICES}/new", a_device(platform="fridge")),
    "a device cannot have other fields": ALICE.sets(f"{DEVICES}/new", a_device(userId="bob")),
    "a device that is added again cannot keep its date": ALICE.updates(DEVICE, platform="ios"),
    "a customer cannot change another's device": BOB.updates(DEVICE, createdAt=REQUEST_TIME),
    "an unauthenticated caller cannot remove a device": UNAUTHENTICATED.deletes(DEVICE),
    "a customer cannot remove another's device": BOB.deletes(DEVICE),
    "an admin cannot remove a customer's device": ADMIN.deletes(DEVICE),
    "a customer cannot read their devices": ALICE.gets(DEVICE),
    "a customer cannot list their devices": ALICE.lists(DEVICES),
    "a customer cannot list the devices of all": ALICE.lists_everywhere("fcmTokens"),
    "an admin cannot read a customer's device": ADMIN.gets(DEVICE),
    "an admin cannot list the devices of all": ADMIN.lists_everywhere("fcmTokens"),
    "a customer cannot write below a device": ALICE.sets(f"{DEVICE}/below/new", a_device()),
    "a customer cannot write elsewhere below themselves": ALICE.sets(f"{USER}/below/new", a_device()),
}
