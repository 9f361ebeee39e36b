"""What would be uploaded from a developer's folder although it is in no commit."""

import shutil
import subprocess
from pathlib import Path

from tools.deploying.strays import strays_in
from tools.toolchain import ROOT

OURS = ("main.py", "orders/order.py", "notifications/mail/channel.py")
STRAYS = ("calendar.py", "notifications/mail/old.py", "orders/scratch.py")
NOT_UPLOADED = ("venv/lib/any.py", "notifications/mail/tests/test_any.py", "tools/any.py", "orders/notes.txt")


def test_only_what_is_uploaded_and_not_in_git_is_named(tmp_path: Path) -> None:
    shutil.copy(ROOT / "firebase.json", tmp_path)
    for name in (*OURS, *STRAYS, *NOT_UPLOADED):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert strays_in(tmp_path) == ()
    for words in (["init", "-q"], ["add", *OURS]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    assert strays_in(tmp_path) == STRAYS
