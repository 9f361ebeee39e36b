"""The script starts the command line from any folder, and completes words."""

import os
import subprocess
import sys
from pathlib import Path

from tools.toolchain import ROOT


def test_a_shell_completes_commands_in_a_folder_where_anything_may_be_named_like_ours(tmp_path: Path) -> None:
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "__init__.py").touch()
    (tmp_path / "ops" / "__main__.py").write_text("raise SystemExit('not this one')")
    asked = {"_SHOP_COMPLETE": "bash_complete", "COMP_WORDS": "./shop st", "COMP_CWORD": "1"}
    script = [ROOT / "shop"]
    completed = subprocess.run(
        script, cwd=tmp_path, env={**os.environ, **asked}, capture_output=True, text=True, check=True
    )
    assert completed.stdout.split() == ["plain,status", "plain,stock"]


def test_no_command_waits_for_what_it_does_not_use() -> None:
    """The client library, the service and reconciliation: nothing else takes as long to import."""
    heavy = {"grpc", "google.cloud.firestore", "flask", "stripe", "reconciliation.job"}
    program = f"import sys, ops.__main__; print({heavy | {'ops.why'}} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "{'ops.why'}\n"
