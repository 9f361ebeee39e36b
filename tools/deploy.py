"""Deploy this folder into a project: check first, ask before deleting anything, and check again afterwards.

    make deploy PROJECT=... [DRY_RUN=1] [YES=1]

After a deployment that failed half-way, the Firebase tools skip functions that exist already, with all that these still
lack. So what is missing afterwards is deployed once more, by name.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.deploying.comparison import changes, deletions, gaps, replacements
from tools.deploying.firebase import Firebase, firebase_in
from tools.deploying.found import Found, found_in
from tools.deploying.google import Google
from tools.deploying.preflight import refusals, warnings
from tools.deploying.secrets import make_unset
from tools.deploying.wanted import NotDeployable, Wanted, wanted_in
from tools.options import real_project, switch
from tools.toolchain import ROOT

_EVERYTHING: Final = ("firestore", "functions")

Ask = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Deployment:
    wanted: Wanted
    google: Google
    firebase: Firebase
    may_delete: Ask
    say: Callable[[str], None]

    def run(self, *, is_dry: bool) -> bool:
        """Whether everything is there in the end; for a dry run, whether it could be deployed. Raises NotDeployable."""
        found = found_in(self.google, self.wanted)
        if refused := refusals(self.wanted, found):
            raise NotDeployable("\n".join(map(str, refused)))
        self._list("Worth knowing", warnings(self.wanted, found))
        self._list(f"To be deployed to {self.wanted.project}", changes(self.wanted, found))
        replaced, deleted = replacements(self.wanted, found), deletions(self.wanted, found)
        self._list("REPLACED, though it is not from this folder", replaced)
        self._list("DELETED, because it is no longer in this folder", deleted)
        if is_dry:
            self.say("Nothing was changed.")
            return True
        if (replaced or deleted) and not self.may_delete("Replace and delete this"):
            raise NotDeployable(
                "Nothing was changed. What should stay belongs in this folder, or in another codebase, named otherwise."
            )
        make_unset(self.google, self.wanted.project, found.absent_secrets)
        if code := self.firebase(_EVERYTHING):
            return self._failed(code)
        return self._is_complete()

    def _failed(self, code: int) -> bool:
        self._list("Missing now", gaps(self.wanted, self._found()))
        self.say(f"The Firebase tools exited with {code}. Once the cause is fixed, deploy again: that does the rest.")
        return False

    def _is_complete(self) -> bool:
        missing = gaps(self.wanted, self._found())
        if by_name := sorted({gap.mended_by for gap in missing if gap.mended_by}):
            self._list("Skipped by the Firebase tools, and now deployed by name", missing)
            self.firebase([f"functions:{name}" for name in by_name])
            missing = gaps(self.wanted, self._found())
        self._list("STILL MISSING", missing)
        if not missing:
            self.say(f"Everything is deployed. To see whether it works: make doctor PROJECT={self.wanted.project}")
        return not missing

    def _found(self) -> Found:
        found = found_in(self.google, self.wanted)
        self._list("Still being built: until then, queries that need it fail", found.being_built)
        return found

    def _list(self, title: str, lines: Sequence[object]) -> None:
        if lines:
            self.say("\n  ".join([f"{title}:", *map(str, lines)]))


def _asked(question: str) -> bool:
    if not sys.stdin.isatty():
        raise NotDeployable(f"{question}? There is no terminal to ask at: YES=1 says yes.")
    return input(f"{question}? Type yes: ").strip() == "yes"


def main(words: Sequence[str], folder: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(usage="make deploy PROJECT=... [DRY_RUN=1] [YES=1]")
    parser.add_argument("--project", type=real_project, required=True)
    parser.add_argument("--dry-run", type=switch, default=False, help="show what would change, and change nothing")
    parser.add_argument(
        "--yes", type=switch, default=False, help="delete and replace what is not of this folder without asking"
    )
    said = parser.parse_args(words)
    try:
        deployment = Deployment(
            wanted_in(folder, said.project),
            Google(said.project),
            firebase_in(folder, said.project),
            may_delete=(lambda _: True) if said.yes else _asked,
            say=lambda text: print(text, flush=True),
        )
        return 0 if deployment.run(is_dry=said.dry_run) else 1
    except NotDeployable as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
