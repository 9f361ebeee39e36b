"""What is wrong with a deployed service, and how to fix it, in one table. Changes nothing.

    make doctor PROJECT=... [JSON=1]

Ends with 0 if nothing is wrong, with 3 if something is, and with 1 if Google cannot be asked. Stripe is asked with the
key in STRIPE_API_KEY.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tools.deploying.google import Google
from tools.deploying.wanted import NotDeployable, wanted_in
from tools.diagnosing.check import State
from tools.diagnosing.checks import checks
from tools.diagnosing.seen import seen_of
from tools.options import real_project, switch
from tools.toolchain import ROOT

NOTHING_WRONG: Final = 0
NOT_LOOKED: Final = 1
WRONG: Final = 3


def main(words: Sequence[str], folder: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(usage="make doctor PROJECT=... [JSON=1]")
    parser.add_argument("--project", type=real_project, required=True)
    parser.add_argument("--json", type=switch, default=False, help="print a list of {check, state, found, remedy}")
    said = parser.parse_args(words)
    now = datetime.fromtimestamp(time.time(), UTC)
    try:
        wanted = wanted_in(folder, said.project)
        found = checks(wanted, seen_of(wanted, Google(said.project), os.environ, now), now)
    except NotDeployable as problem:
        print(problem, file=sys.stderr)
        return NOT_LOOKED
    print(json.dumps([asdict(check) for check in found], indent=2) if said.json else "\n".join(map(str, found)))
    return WRONG if any(check.state is State.WRONG for check in found) else NOTHING_WRONG


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
