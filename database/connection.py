"""The connection to Firestore: the library's client for queries, and below it a channel for settling's two RPCs."""

import os
from dataclasses import dataclass
from typing import Final

import google.auth
import grpc
from google.cloud.firestore import Client
from google.cloud.firestore_v1.services.firestore.transports.grpc import FirestoreGrpcTransport
from grpc.experimental import ChannelOptions

CHANNEL_OPTIONS: Final = (
    # Otherwise gRPC starts a thread for each BatchGet, and every document changes threads on its way.
    (ChannelOptions.SingleThreadedUnaryStream, 1),
    # Not two minutes, which is gRPC's own: as long every request would fail after an outage that is over.
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # As the library's client has them.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
)
# The emulator takes this for its owner, whom no security rules bind, as for the library's client.
EMULATOR_METADATA: Final = (("authorization", "Bearer owner"),)
_HOST: Final = FirestoreGrpcTransport.DEFAULT_HOST


@dataclass(frozen=True, slots=True)
class Connection:
    """One database, reached in two ways. Neither connects before it is used."""

    client: Client
    channel: grpc.Channel
    metadata: tuple[tuple[str, str], ...] = ()
    """What an RPC on the channel has to bring to be let in, if the channel does not see to it."""


def connect(project: str | None) -> Connection:
    """Connect to the project's default database, or to the emulator if FIRESTORE_EMULATOR_HOST names one.

    Raises:
        google.auth.exceptions.DefaultCredentialsError: the environment gives no credentials.
    """
    if emulator := os.environ.get("FIRESTORE_EMULATOR_HOST"):
        channel = grpc.insecure_channel(emulator, CHANNEL_OPTIONS)
        return Connection(Client(project=project), channel, EMULATOR_METADATA)
    credentials, project_of_credentials = google.auth.default(scopes=Client.SCOPE)
    client = Client(project=project or project_of_credentials, credentials=credentials)
    channel = FirestoreGrpcTransport.create_channel(_HOST, credentials=credentials, options=CHANNEL_OPTIONS)
    return Connection(client, channel)
