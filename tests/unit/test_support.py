"""What tests share: a reader who sees a builder's name knows which one it is."""

import ast
from collections import Counter
from pathlib import Path

SUPPORT = Path(__file__).parents[1] / "support"


def test_no_two_modules_of_support_define_a_function_of_the_same_name() -> None:
    defined = Counter(
        node.name
        for module in SUPPORT.rglob("*.py")
        for node in ast.parse(module.read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    )
    assert defined
    assert [name for name, count in defined.items() if count > 1] == []
