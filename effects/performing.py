"""Performs one effect: takes its lease, does it outside, records how that ended. No state between attempts.

A worker that dies on the way leaves a lease that ends. Then another worker makes the same request again, under the same
key.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from database.documents.effects import effect_from, effect_path, given_up, leased, over, refunded, to_be_retried
from database.store import Create, DocumentStore, Write
from effects.attempt import Attempt, Ending
from effects.effect import EffectKind, StoredEffect
from effects.outside import Failed, Performer, Postponed, Refunded, Skipped
from effects.schedule import is_due, pause_after
from orders.frozen import frozen
from orders.outcome import StoreContended, StoreUnavailable, Transient
from settlement.settle import Patience


@frozen
class Effects:
    """Performs single effects. Several workers may try the same one, but only the holder of its lease acts outside."""

    store: DocumentStore
    performers: Mapping[EffectKind, Performer]
    operator_channels: Collection[EffectKind]
    """How operators are notified of effects that were given up."""
    notice_lifetime: timedelta
    patience: Patience
    now: Callable[[], datetime]
    report: Callable[[Attempt], object]
    """Called for each attempt that has ended."""

    def perform(self, effect_id: str) -> Ending:
        """Perform the effect if it is due; afterwards it is over, or recorded with the time when it is due again.

        Raises:
            Transient: the database failed; what was begun is begun again when the lease is over.
        """
        stored = self._read(effect_id)
        if stored is None or not is_due(stored, self.now()):
            return Ending.NOT_DUE
        try:
            attempt = self._attempt(stored)
        except StoreContended:
            # Another worker has taken the lease.
            return Ending.NOT_DUE
        self.report(attempt)
        return attempt.ending

    def _attempt(self, stored: StoredEffect) -> Attempt:
        match self._prepared(stored):
            case Skipped() as skipped:
                return self._skip(stored, skipped)
            case Postponed(until=until):
                return self._end(Attempt(Ending.POSTPONED, stored), to_be_retried(stored, until, None))
            case Exception() as error:
                return self._after_failure(replace(stored, attempts=stored.attempts + 1), error)
            case payload:
                return self._begin(stored, payload)

    def _begin(self, stored: StoredEffect, payload: Mapping[str, object]) -> Attempt:
        try:
            leased = self._leased(stored, payload)
        except Transient:
            raise
        except Exception as error:  # noqa: BLE001 - as below: no database keeps what is too large, however often
            return self._after_failure(replace(stored, attempts=stored.attempts + 1), error)
        return self._perform(leased)

    def _prepared(self, stored: StoredEffect) -> Mapping[str, object] | Skipped | Postponed | Exception:
        if (performer := self.performers.get(stored.effect.kind)) is None:
            return Failed(f"{stored.effect.kind} is not switched on", retryable=False)
        try:
            # Before each attempt: meanwhile it may be unwanted, or not the time. What is sent stays the same.
            prepared = performer.prepare(stored.effect, self.now())
        except Transient:
            raise
        except Exception as error:  # noqa: BLE001 - counted as an attempt, so that a bug ends, and reported
            return error
        return stored.payload if isinstance(prepared, Mapping) and stored.payload is not None else prepared

    def _leased(self, stored: StoredEffect, payload: Mapping[str, object]) -> StoredEffect:
        begun = replace(stored, attempts=stored.attempts + 1, payload=payload)
        write = leased(begun, self.now())
        # Tried once: if the commit succeeded and its answer was lost, nothing was done outside, and the lease ends by
        # itself.
        committed = self.store.commit((write,), timeout_seconds=self.patience.total_seconds)
        return replace(begun, version=committed.versions[write.path])

    def _perform(self, stored: StoredEffect) -> Attempt:
        try:
            done = self.performers[stored.effect.kind].perform(stored.effect, stored.payload or {})
        except Exception as error:  # noqa: BLE001 - as above
            return self._after_failure(stored, error)
        match done:
            case Skipped():
                return self._skip(stored, done)
            case Refunded(refund_id=refund_id):
                return self._end(Attempt(Ending.DONE, stored), refunded(stored, refund_id, self._expires_at()))
            case None:
                return self._end(Attempt(Ending.DONE, stored), over(stored, self._expires_at()))

    def _skip(self, stored: StoredEffect, skipped: Skipped) -> Attempt:
        attempt = Attempt(Ending.SKIPPED, stored, skipped.reason)
        return self._end(attempt, over(stored, self._expires_at(), skipped.reason))

    def _after_failure(self, stored: StoredEffect, error: Exception) -> Attempt:
        failed = error if isinstance(error, Failed) else Failed(_in_words(error), retryable=True)
        fault = None if isinstance(error, Failed | Transient) else error
        pause = pause_after(stored.attempts, self.patience.random(), failed.retry_after) if failed.retryable else None
        if pause is not None:
            retried = Attempt(Ending.RETRIED, stored, str(failed), fault)
            return self._end(retried, to_be_retried(stored, self.now() + pause, str(failed)))
        if not failed.alerts:
            return self._skip(stored, Skipped(str(failed)))
        return self._give_up(Attempt(Ending.GIVEN_UP, stored, str(failed), fault), str(failed))

    def _give_up(self, attempt: Attempt, error: str) -> Attempt:
        stored, now, channels, lifetime = attempt.stored, self.now(), self.operator_channels, self.notice_lifetime
        effect_id = stored.effect.effect_id
        writes = given_up(stored, effect_id, error, channels, now, lifetime)
        if self._any_exists(write.path for write in writes if isinstance(write, Create)):
            # It was given up before and retried by a person; or another order's cause has this id, since customers
            # choose order ids.
            writes = given_up(stored, f"{effect_id}_{now:%Y%m%dT%H%M%S%f}", error, channels, now, lifetime)
        return self._end(attempt, *writes)

    def _any_exists(self, paths: Iterable[str]) -> bool:
        """Whether any of these documents exists."""
        documents = self.store.read(tuple(paths), timeout_seconds=self.patience.total_seconds)
        return any(document is not None for document in documents.values())

    def _end(self, attempt: Attempt, *writes: Write) -> Attempt:
        """Record how the attempt ended, unless another worker has the lease by now."""
        lost: StoreUnavailable | None = None
        for seconds_left in self.patience.tries():
            try:
                self.store.commit(writes, timeout_seconds=seconds_left())
            except StoreUnavailable as error:
                lost = error
            except StoreContended:
                # Firestore also aborts commits that nobody else has made impossible.
                if not self._is_held(attempt.stored):
                    return attempt
            else:
                return attempt
        raise lost or StoreUnavailable(f"{attempt.stored.effect.effect_id}: its end was not recorded in time")

    def _is_held(self, stored: StoredEffect) -> bool:
        """Whether the effect is still as this worker has read or written it."""
        found = self._read(stored.effect.effect_id)
        return found is not None and found.version == stored.version

    def _read(self, effect_id: str) -> StoredEffect | None:
        path = effect_path(effect_id)
        document = self.store.read((path,), timeout_seconds=self.patience.total_seconds)[path]
        return effect_from(effect_id, document) if document else None

    def _expires_at(self) -> datetime:
        return self.now() + self.notice_lifetime


def _in_words(error: Exception) -> str:
    """The error's type; its message only if it is transient, since a bug's message may repeat personal data."""
    return f"{type(error).__name__}: {error}" if isinstance(error, Transient) else type(error).__name__
