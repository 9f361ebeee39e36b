"""One share of the long run, as its own process: inputs of one kind until time is up or one fails.

If atheris is installed, coverage guides the inputs (https://github.com/google/atheris); otherwise they are random.
"""

import importlib
import importlib.util
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Never

if TYPE_CHECKING:
    from tests.proofs.fuzz.deliveries import Visit

GUIDED: Final = importlib.util.find_spec("atheris") is not None
_OURS: Final = ["audit", "inventory", "notifications", "orders", "settlement", "webhooks"]
_SEEDS: Final = 300
_INPUT_BYTES_MAX: Final = 16 * 1024
_MEGABYTES_MAX: Final = 1_024
_SECONDS_AN_INPUT_MAX: Final = 60

Try = Callable[[bytes], object]


class Wrong(Exception):
    """An input that breaks a promise."""


def main(kind: str, seconds: float, folder: Path) -> Never:
    """Write `tally.json` to the folder; after a failure, also `wrong.json`, and exit with 1."""
    if GUIDED:
        with importlib.import_module("atheris").instrument_imports(include=_OURS):
            importlib.import_module("tests.proofs.fuzz.endpoint")
    share = _Share(folder, time.monotonic() + seconds)
    attempt, seeds = _KINDS[kind](share)
    (_guided if GUIDED else _at_random)(share.until_the_end(attempt), list(seeds), folder)


class _Share:
    """What was tried and what failed; written to files at the end."""

    def __init__(self, folder: Path, end: float) -> None:
        from tests.proofs.fuzz.judge import Tally  # noqa: PLC0415 - only now can it be instrumented

        self._folder, self._end = folder, end
        self.tally: Tally = Tally()
        self.wrong: Visit | None = None

    def judge(self, visit: "Visit") -> None:
        """Raises Wrong."""
        from tests.proofs.fuzz.endpoint import complaints_about  # noqa: PLC0415

        if complaints := complaints_about(visit, self.tally):
            self.wrong = _least_of(visit)
            raise Wrong(*complaints)

    def until_the_end(self, attempt: Try) -> Try:
        def attempt_or_end(given: bytes) -> None:
            try:
                attempt(given)
            except Wrong:
                self._end_with(1)
            if time.monotonic() >= self._end:
                self._end_with(0)

        return attempt_or_end

    def _end_with(self, code: int) -> Never:
        from tests.proofs.fuzz.deliveries import written  # noqa: PLC0415

        (self._folder / "tally.json").write_text(json.dumps(vars(self.tally)))
        if self.wrong:
            (self._folder / "wrong.json").write_text(written(self.wrong))
        # libFuzzer would take any other end for a crash of its own.
        sys.stderr.flush()
        os._exit(code)


def _least_of(visit: "Visit") -> "Visit":
    """The visit without the deliveries that the failure does not need."""
    from tests.proofs.fuzz.deliveries import Visit  # noqa: PLC0415
    from tests.proofs.fuzz.endpoint import complaints_about  # noqa: PLC0415

    for number in reversed(range(len(visit.deliveries))):
        fewer = Visit(visit.shop, visit.deliveries[:number] + visit.deliveries[number + 1 :])
        visit = fewer if complaints_about(fewer) else visit
    return visit


# --- Kinds of input --------------------------------------------------------------------------------------------------


def _shapes(share: _Share) -> tuple[Try, Iterator[bytes]]:
    """The bytes are hypothesis's choices among shapes of events."""
    from hypothesis import given, settings  # noqa: PLC0415

    from tests.proofs.fuzz.shapes import visits  # noqa: PLC0415

    @settings(database=None)
    @given(visits)
    def judge(visit: "Visit") -> None:
        share.judge(visit)

    choose: Try = judge.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    return choose, (random.randbytes(_INPUT_BYTES_MAX // 4) for _ in range(_SEEDS))  # noqa: S311


def _bytes(share: _Share) -> tuple[Try, Iterator[bytes]]:
    """The bytes are a signed body, or a header and an unsigned body."""
    from tests.proofs.fuzz.deliveries import Delivery, Visit, signed  # noqa: PLC0415
    from tests.proofs.fuzz.endpoint import shops  # noqa: PLC0415
    from tests.support.signing import body_of, signature_of  # noqa: PLC0415
    from tests.support.stripe.versions import API_VERSIONS  # noqa: PLC0415
    from tests.support.stripe_objects import OBJECT_OF, the_event  # noqa: PLC0415

    names = sorted(shops())

    def attempt(given: bytes) -> None:
        if len(given) < 2:
            return
        name, is_signed, rest = names[given[0] % len(names)], given[1] < 128, given[2:]
        header, _, body = rest.partition(b"\n")
        forged = Delivery(body, header.decode("latin-1").replace("\r", ""), is_true=False)
        share.judge(Visit(name, (signed(rest) if is_signed else forged,)))

    bodies = [body_of(the_event(event_type, version)) for event_type in OBJECT_OF for version in API_VERSIONS]
    forgeries = [f"{signature_of(body, secret='whsec_of_somebody_else')}\n".encode() + body for body in bodies]
    seeds = [bytes([shop, 0]) + body for shop in range(len(names)) for body in bodies]
    return attempt, iter([*seeds, *(bytes([2, 255]) + forgery for forgery in forgeries)])


_KINDS: Final = {"shapes": _shapes, "bytes": _bytes}

# --- Drivers ---------------------------------------------------------------------------------------------------------


def _guided(attempt: Try, seeds: Sequence[bytes], folder: Path) -> Never:
    atheris = importlib.import_module("atheris")
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [f"-max_len={_INPUT_BYTES_MAX}", f"-rss_limit_mb={_MEGABYTES_MAX}", f"-timeout={_SECONDS_AN_INPUT_MAX}"]
    atheris.Setup(["fuzz", *limits, "-len_control=0", f"-artifact_prefix={folder}/", str(corpus)], attempt)
    atheris.Fuzz()
    raise AssertionError("atheris ends the process itself")


def _at_random(attempt: Try, seeds: Sequence[bytes], folder: Path) -> Never:
    while True:
        changed = bytearray(random.choice(seeds))  # noqa: S311
        for _ in range(random.randrange(8)):  # noqa: S311
            start = random.randrange(len(changed) + 1)  # noqa: S311
            changed[start : start + random.randrange(4)] = random.randbytes(random.randrange(4))  # noqa: S311
        attempt(bytes(changed))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))
