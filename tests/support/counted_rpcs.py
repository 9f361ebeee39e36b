"""A connection to Firestore that counts what it asks of the server, at the gRPC channel where nothing can hide."""

from collections.abc import Callable
from typing import Any

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports.grpc import FirestoreGrpcTransport

from database.connection import CHANNEL_OPTIONS, EMULATOR_METADATA, Connection


class RpcCounter(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Notes the name of every RPC, retries included."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def intercept_unary_unary(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        self.note(details)
        return proceed(details, request)

    def intercept_unary_stream(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        self.note(details)
        return proceed(details, request)

    def note(self, details: Any) -> str:
        """Returns the name."""
        name = str(details.method).rpartition("/")[2]
        self.names.append(name)
        return name


def counted(project: str, host: str) -> tuple[Connection, RpcCounter]:
    counter = RpcCounter()
    return intercepted(project, host, counter), counter


def intercepted(project: str, host: str, interceptor: grpc.UnaryUnaryClientInterceptor) -> Connection:
    """A connection to the emulator whose every RPC passes the interceptor, those of the library's client included."""
    client = firestore.Client(project=project, credentials=AnonymousCredentials())
    channel = grpc.intercept_channel(grpc.insecure_channel(host, CHANNEL_OPTIONS), interceptor)
    # The client takes no channel in its constructor; here it keeps the one that it makes when it is first needed.
    client._firestore_api_internal = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))
    return Connection(client, channel, EMULATOR_METADATA)
