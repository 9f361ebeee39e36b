"""Exit codes for scripts: 0 fine, 1 failed, 2 called wrongly, 3 found something, 4 not signed in."""

from enum import IntEnum

import click


class ExitCode(IntEnum):
    FINE = 0
    FAILED = 1
    """It was not done, or that is unknown."""
    USAGE = 2
    """The command was called wrongly, and nothing was done. click uses this code, too."""
    FOUND = 3
    """It was done, and found something that needs a person."""
    NOT_SIGNED_IN = 4


class Failed(click.ClickException):
    """The message says what to do. Nothing else is printed."""

    exit_code = ExitCode.FAILED


class NotSignedIn(click.ClickException):
    exit_code = ExitCode.NOT_SIGNED_IN

    def __init__(self) -> None:
        super().__init__("nobody is signed in. Sign in with: gcloud auth application-default login")
