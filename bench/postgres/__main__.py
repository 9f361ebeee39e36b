"""Only the comparison; without the emulator unless FIRESTORE_EMULATOR_HOST names one.

python -m bench.postgres
"""

import os
import sys

from bench.figures import parts_in_words, table_of
from bench.postgres.comparison import compare
from bench.postgres.report import figures_of
from bench.postgres.server import NoServer


def main() -> None:
    load = os.getloadavg()[0]
    try:
        found = compare()
    except NoServer as reason:
        sys.exit(f"Nothing is compared with PostgreSQL: {reason}")
    print(f"{table_of(figures_of(found))}\n\n{parts_in_words({'postgres': found.parts()})}\n")
    print(f"load {load:.1f} before it began")


if __name__ == "__main__":
    main()
