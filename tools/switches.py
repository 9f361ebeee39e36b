"""The variables of make that say yes or no, as the tools are given them: `--yes="$YES"`."""

import argparse


def switch(text: str) -> bool:
    """1 is yes; 0, or nothing, is no. Raises ArgumentTypeError of all else: nobody who says `false` means yes."""
    if text not in ("1", "0", ""):
        raise argparse.ArgumentTypeError(f"1 is yes, 0 or nothing is no, and {text!r} is neither")
    return text == "1"
