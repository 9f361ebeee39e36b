"""Measure a project's own Firestore under load: the service holds and pays orders of one product, then of many.

    make loadtest PROJECT=... [YES=1] [FORCE=1] [CLEAN=1] [ARGS='--database=... --seconds=... ...']

It announces what it will write and what that costs, and asks for consent. Afterwards it deletes what it wrote, also
after Ctrl-C.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import DefaultCredentialsError

from bench.loadtest.rush import Load
from bench.loadtest.trial import NotRun, Trial
from database.errors import RequestRefused
from database.ids import DEFAULT_DATABASE
from orders.outcome import Transient
from tools.options import project, switch
from tools.toolchain import BUILD

FIGURES: Final = BUILD / "loadtest.json"
_ENDING_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


def main(words: Sequence[str], figures_file: Path = FIGURES) -> int:
    arguments = _parsed(words)
    # Otherwise Google's library warns that no project is set.
    os.environ["GOOGLE_CLOUD_PROJECT"] = arguments.project
    for number in _ENDING_SIGNALS:
        # Any of these signals lets it first delete what it wrote.
        signal.signal(number, signal.default_int_handler)
    trial = Trial(
        arguments.project,
        Load(arguments.clients, arguments.seconds, arguments.orders),
        may_begin=(lambda _: True) if arguments.yes else lambda question: _typed(question) == arguments.project,
        say=lambda text: print(text, flush=True),
        figures_file=figures_file,
        database=arguments.database,
        beside_a_shop=arguments.force,
    )
    try:
        if arguments.clean:
            trial.clean()
            return 0
        return 0 if trial.run() else 1
    except DefaultCredentialsError:
        print("Nobody is signed in: gcloud auth application-default login", file=sys.stderr)
    except (NotRun, RequestRefused, Transient, GoogleAPICallError) as problem:
        print(problem, file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 128 + signal.SIGINT
    return 1


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(usage="make loadtest PROJECT=... [YES=1] [FORCE=1] [CLEAN=1] [ARGS='...']")
    parser.add_argument("--project", type=project, required=True)
    parser.add_argument("--yes", type=switch, default=False, help="begin without a question")
    parser.add_argument("--force", type=switch, default=False, help="begin although the database holds a shop")
    parser.add_argument(
        "--clean", type=switch, default=False, help="only delete what an interrupted load test has left"
    )
    parser.add_argument("--database", default=DEFAULT_DATABASE, help="which of the project's databases (%(default)s)")
    # Each order that is given up takes eight seconds, and a customer may have twenty open orders.
    parser.add_argument("--seconds", type=_within(1, 150), default=30, help="for each of the two phases (%(default)s)")
    parser.add_argument("--clients", type=_within(1, 64), default=16, help="who buy at once (%(default)s)")
    parser.add_argument("--orders", type=_within(1, 20_000), default=2_000, help="for each at most (%(default)s)")
    return parser.parse_args(words)


def _within(least: int, most: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text}: a whole number from {least} to {most:,} is needed")
        return int(text)

    return whole_number


def _typed(question: str) -> str:
    if not sys.stdin.isatty():
        raise NotRun(f"{question}. There is no terminal to ask at: YES=1 says yes.")
    return input(f"{question}: ").strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
