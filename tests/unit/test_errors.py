"""The tree of errors in a docstring equals the tree in the code."""

import ast
import builtins
import re
from collections.abc import Iterator

from orders import outcome
from tests.support.deployed import deployed_modules


def errors_in_code() -> Iterator[tuple[str, str]]:
    """Every public error class and its base."""
    known = {name for name in dir(builtins) if name.endswith(("Error", "Exception"))} | {
        "Transient",
        "StripeRefused",
        "StripeUnavailable",
    }
    for file in deployed_modules():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield from ((node.name, parent) for base in node.bases if (parent := ast.unparse(base)) in known)


def errors_in_docstring() -> Iterator[tuple[str, str]]:
    path: list[str] = []
    for indent, name in re.findall(r"^    ((?:[│ ]   )*(?:[├└]── )?)(\w+)", outcome.__doc__ or "", flags=re.MULTILINE):
        del path[len(indent) // 4 :]
        if path:
            yield name, path[-1]
        path.append(name)


def test_the_docstring_shows_every_error_under_what_it_is_a_kind_of() -> None:
    shown = {(name, parent) for name, parent in errors_in_docstring() if name != "ValueError"}
    assert shown == set(errors_in_code())
