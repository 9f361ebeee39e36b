"""Arguments that make passes to tools working on somebody's project: `--project="$PROJECT" --yes="$YES"`."""

import argparse


def switch(text: str) -> bool:
    """1 is yes; 0 or nothing is no. Raises ArgumentTypeError for anything else: nobody who writes `false` means yes."""
    if text not in ("1", "0", ""):
        raise argparse.ArgumentTypeError(f"1 is yes, 0 or nothing is no, and {text!r} is neither")
    return text == "1"


def project(text: str) -> str:
    """Raises ArgumentTypeError if none is named."""
    if not text:
        raise argparse.ArgumentTypeError("which one? Say PROJECT=...")
    return text


def real_project(text: str) -> str:
    """The same; also raises ArgumentTypeError for the emulators' project."""
    if text.startswith("demo-"):
        raise argparse.ArgumentTypeError(f"{text} is a project of the emulators, and none of Google's")
    return project(text)
