"""Small changes to the code, one at a time, each of which some test should notice.

A mutant that does the same is not counted: it changes only the text of an exception in `mutants.READ_BY_PEOPLE_ALONE`,
or the case of a name in `mutants.HEADERS`. What else such an exception carries, and every text that is stored, shown to
customers or read by a program, is changed like all code.

Part of `make torture`. Exits with 1 if a mutant survives that `survivors.toml` does not explain, or if one that it
explains does not survive.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

from mutmut.configuration import config
from mutmut.utils.file_utils import walk_mutatable_files

from tests.proofs.mutation.mutants import Mutant, mutate
from tests.proofs.mutation.trial import Suspect, Verdict

_ROOT = Path(__file__).parents[3]
_COPY = _ROOT / "build" / "mutation"
_NOT_COPIED = shutil.ignore_patterns(".git", "build", "venv", "node_modules", "__pycache__", ".*_cache", ".hypothesis")
_LIST = Path(__file__).with_name("survivors.toml")
# Not the project's own configuration, whose rules go beyond sound types: it would refuse mutants that run.
_MYPY = (
    *("mypy", "--config-file=", "--cache-dir=../mutation_types", "--explicit-package-bases", "--output=json"),
    *("--disable-error-code=has-type", "--disable-error-code=no-redef"),
)

_REFUSED = "refused by mypy"
_FATES = (Verdict.KILLED, Verdict.TIMED_OUT, _REFUSED, Verdict.SURVIVED)


def main() -> int:
    options = _options()
    began = time.monotonic()
    shutil.rmtree(_COPY, ignore_errors=True)
    shutil.copytree(_ROOT, _COPY, ignore=_NOT_COPIED, symlinks=True)
    os.chdir(_COPY)
    folders = [str(folder) for folder in config().source_paths]
    within = tuple(options.within)
    made = _made(within, options.processes)
    refused = _refused_by_mypy(made)
    mutants = [mutant for mutant in made if mutant.function.startswith(within) and not mutant.does_the_same]
    fates: dict[Mutant, str] = dict.fromkeys(mutants, _REFUSED)
    fates |= _tried([mutant for mutant in mutants if mutant not in refused], options.processes)
    print("\n".join(_report(fates, folders, time.monotonic() - began)))
    return _compared(fates, within)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.mutation", description=__doc__)
    parser.add_argument(
        "within",
        nargs="*",
        default=[""],
        help="only functions whose names start so: settlement.holding, orders.order.Order",
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many at the same time")
    return parser.parse_args()


# --- Trying ----------------------------------------------------------------------------------------------------------


def _made(within: tuple[str, ...], processes: int) -> Sequence[Mutant]:
    modules = {".".join(file.with_suffix("").parts): file for file in walk_mutatable_files()}
    files = dict.fromkeys(
        file
        for start in within
        for name, file in modules.items()
        if name.startswith(start) or start.startswith(f"{name}.")
    )
    with multiprocessing.Pool(processes) as pool:
        return [mutant for of_file in pool.map(mutate, files, chunksize=1) for mutant in of_file]


def _refused_by_mypy(mutants: Collection[Mutant]) -> set[Mutant]:
    """The mutants with wrong types. An error elsewhere would hide them from mypy, and so ends the run."""
    files = dict.fromkeys(mutant.file for mutant in mutants)
    checked = subprocess.run([sys.executable, "-m", *_MYPY, *files], capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in checked.stdout.splitlines() if line.startswith("{")]
    places = [(one["file"], one["line"]) for one in found if one["severity"] == "error"]
    mutant_at = {(mutant.file, line): mutant for mutant in mutants for line in mutant.lines}
    elsewhere = [place for place in places if place not in mutant_at]
    if elsewhere or checked.stderr:
        sys.exit(f"mypy cannot find the mutants to refuse: {elsewhere or checked.stderr}")
    return {mutant_at[place] for place in places}


def _tried(mutants: Sequence[Mutant], processes: int) -> Mapping[Mutant, str]:
    print(f"\n{len(mutants):,} mutants to try:", flush=True)
    answer = _COPY / "verdicts.json"
    subprocess.run(
        [sys.executable, "-m", "tests.proofs.mutation.trial", str(answer), str(processes)],
        input=json.dumps([_suspected(mutant) for mutant in mutants]),
        text=True,
        check=True,
    )
    verdicts = {(module, name): verdict for module, name, verdict in json.loads(answer.read_text())}
    return {mutant: verdicts[mutant.module, mutant.name] for mutant in mutants}


def _suspected(mutant: Mutant) -> tuple[object, ...]:
    return astuple(
        Suspect(mutant.module, mutant.name, str(mutant), mutant.file, mutant.statement[0], mutant.statement[-1])
    )


# --- Reporting -------------------------------------------------------------------------------------------------------


def _report(fates: Mapping[Mutant, str], folders: Sequence[str], seconds: float) -> Iterator[str]:
    yield f"\nMutants and their fates, in {seconds / 60:.0f} min\n"
    yield f"  {'':12}{'mutants':>9}{''.join(f'{fate:>17}' for fate in _FATES)}{'score':>9}"
    for folder in (*folders, ""):
        counted = Counter(fate for mutant, fate in fates.items() if mutant.file.startswith(folder))
        if total := counted.total():
            shares = "".join(f"{counted[fate]:>17,}" for fate in _FATES)
            yield f"  {folder or 'all':12}{total:>9,}{shares}{1 - counted[Verdict.SURVIVED] / total:>9.1%}"


def _compared(fates: Mapping[Mutant, str], within: tuple[str, ...]) -> int:
    """Compare the survivors with the list. Returns 1 if they differ."""
    survivors = {str(mutant) for mutant, fate in fates.items() if fate == Verdict.SURVIVED}
    reasons = tomllib.loads(_LIST.read_text()).values()
    listed = {mutant for reason in reasons for mutant in reason["mutants"].strip().splitlines()}
    listed = {mutant for mutant in listed if mutant.startswith(within)}
    _print_all("Survivors that are not explained", survivors - listed)
    _print_all("Explained, but not survivors", listed - survivors)
    if survivors != listed:
        return 1
    print(f"\nEvery survivor is explained in {_LIST.relative_to(_ROOT)}.")
    return 0


def _print_all(title: str, mutants: Collection[str]) -> None:
    if mutants:
        print(f"\n{title}:", *sorted(mutants), sep="\n  ")


if __name__ == "__main__":
    sys.exit(main())
