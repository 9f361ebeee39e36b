"""What Firestore bills, counted at its gRPC channel, where nothing can hide.

How it bills: https://cloud.google.com/firestore/pricing.
"""

from collections.abc import Callable, Iterator
from typing import Any

from tests.support.counted_rpcs import RpcCounter


class BillCounter(RpcCounter):
    """Counts, besides the RPCs, what Firestore bills for them."""

    def __init__(self) -> None:
        super().__init__()
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.names.clear()
        self.reads = 0
        """Documents looked up, missing ones included, and documents found by queries, at least one each."""
        self.writes = 0
        self.deletes = 0
        self.inventory_writes = 0
        """Of the writes, those whose documents have a trigger that follows each of them."""
        self.expiring: set[str] = set()
        """The names of written documents that Firestore will delete by itself, which it bills like any delete."""

    def intercept_unary_unary(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:  # noqa: ANN401 - gRPC's interceptors have no narrower type
        name = self.note(details)
        if name != "Commit":
            raise ValueError(f"what {name} costs is not counted yet")
        for write in request.writes:
            if write.delete:
                self.deletes += 1
                continue
            self.writes += 1
            self.inventory_writes += "/documents/inventory/" in write.update.name
            if "expireAt" in write.update.fields:
                self.expiring.add(write.update.name)
        return proceed(details, request)

    def intercept_unary_stream(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:  # noqa: ANN401 - likewise
        answers = proceed(details, request)
        match self.note(details):
            case "BatchGetDocuments":
                self.reads += len(request.documents)
                return answers
            case "RunAggregationQuery":
                # One read for up to a thousand index entries, and no customer of the bench has more orders.
                self.reads += 1
                return answers
            case "RunQuery":
                return _CountedAnswers(answers, self._note_found)
            case unknown:
                raise ValueError(f"what {unknown} costs is not counted yet")

    def _note_found(self, documents: int) -> None:
        self.reads += max(documents, 1)


class _CountedAnswers:
    """The stream of a query's answers; at its end it reports how many of them contained a document."""

    def __init__(self, answers: Any, report: Callable[[int], None]) -> None:  # noqa: ANN401 - likewise
        self._answers = answers
        self._report = report
        self._documents = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - likewise
        try:
            answer = next(self._answers)
        except StopIteration:
            self._report(self._documents)
            raise
        self._documents += bool(answer.document.name)
        return answer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - likewise
        return getattr(self._answers, name)
