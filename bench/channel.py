"""What is asked of Firestore, counted at its gRPC channel, where nothing can hide."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports.grpc import FirestoreGrpcTransport

from database.connection import CHANNEL_OPTIONS, EMULATOR_METADATA, Connection


class Asked(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """The RPCs by name, retries included, and what Firestore bills for them.

    How it bills: https://cloud.google.com/firestore/pricing.
    """

    def __init__(self) -> None:
        self.rpcs: list[str] = []
        self.reads = 0
        """Documents looked up, those that are not there included, and documents found by queries, at least one each."""
        self.writes = 0
        self.deletes = 0
        self.mortal: set[str] = set()
        """The names of written documents that Firestore will delete by itself, which it bills as any delete."""

    def intercept_unary_unary(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:  # noqa: ANN401 - gRPC's interceptors have no narrower type
        if self._note(details) != "Commit":
            raise ValueError(f"nobody has thought of what {self.rpcs[-1]} costs")
        for write in request.writes:
            if write.delete:
                self.deletes += 1
                continue
            self.writes += 1
            if "expireAt" in write.update.fields:
                self.mortal.add(write.update.name)
        return proceed(details, request)

    def intercept_unary_stream(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:  # noqa: ANN401 - likewise
        answers = proceed(details, request)
        match self._note(details):
            case "BatchGetDocuments":
                self.reads += len(request.documents)
                return answers
            case "RunQuery":
                return _Overheard(answers, self._note_found)
            case unknown:
                raise ValueError(f"nobody has thought of what {unknown} costs")

    def _note(self, details: Any) -> str:  # noqa: ANN401 - likewise
        self.rpcs.append(str(details.method).rpartition("/")[2])
        return self.rpcs[-1]

    def _note_found(self, documents: int) -> None:
        self.reads += max(documents, 1)


class _Overheard:
    """The stream of a query's answers; when it ends, it tells how many of them held a document."""

    def __init__(self, answers: Any, tell: Callable[[int], None]) -> None:  # noqa: ANN401 - likewise
        self._answers = answers
        self._tell = tell
        self._documents = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - likewise
        try:
            answer = next(self._answers)
        except StopIteration:
            self._tell(self._documents)
            raise
        self._documents += bool(answer.document.name)
        return answer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - likewise
        return getattr(self._answers, name)


def counted(project: str) -> tuple[Connection, Asked]:
    """A connection to a project's database in the emulator, and what it asks there."""
    asked = Asked()
    emulator = grpc.insecure_channel(os.environ["FIRESTORE_EMULATOR_HOST"], CHANNEL_OPTIONS)
    channel = grpc.intercept_channel(emulator, asked)
    client = firestore.Client(project=project, credentials=AnonymousCredentials())
    # The client takes no channel in its constructor; here it keeps the one that it makes when it is first needed.
    client._firestore_api_internal = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))  # noqa: SLF001
    return Connection(client, channel, EMULATOR_METADATA), asked
