"""Every mutant of the code: mutmut writes them side by side into one file, each under its own name."""

import ast
import difflib
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Final

from mutmut.mutation.file_mutation import MutatedFile, mutate_file_contents
from mutmut.mutation.trampoline_templates import trampoline_imports

_TRAMPOLINE = "from tests.proofs.mutation.trampoline import in_place_of as _mutmut_mutated, MutantDict"


READ_BY_PEOPLE_ALONE: Final = frozenset(
    {
        *("CallRefused", "KeysUnavailable", "NoSecret", "NotACall", "NotAPost", "NotAnAnswer", "NotSignedIn"),
        *("StoreContended", "StoreUnavailable"),
    }
)
"""Programs know these exceptions by type and fields: their texts are logged or answered, never stored."""
HEADERS: Final = frozenset(
    {
        *("access-control-request-headers", "allow", "authorization", "cache-control", "content-type"),
        *("idempotency-key", "stripe-signature", "x-cloud-trace-context"),
    }
)
"""Their names are case-insensitive: https://www.rfc-editor.org/rfc/rfc9110#section-5.1."""


@dataclass(frozen=True, slots=True)
class Mutant:
    file: str
    name: str
    """As mutmut numbers it in its module."""
    function: str
    """The mutated function, by a name that does not depend on mutmut's numbers."""
    changes: tuple[str, ...]
    """The differing lines: `- ` originally, `+ ` in the mutant."""
    lines: range
    """Its lines in the mutated file."""
    statement: range
    """Where the statement that it changes is in the mutated file, unchanged: only a test that gets there can tell."""
    does_the_same: bool
    """Whether it differs only in an exception's text for people, or in the case of a header's name."""

    @property
    def module(self) -> str:
        return self.file.removesuffix(".py").replace("/", ".")

    def __str__(self) -> str:
        return f"{self.function}: {'  '.join(self.changes)}"


def mutate(file: Path) -> Sequence[Mutant]:
    """Write all mutants of a file's functions into the file, and return them."""
    mutated = mutate_file_contents(str(file), _with_plain_properties(file.read_text()))
    file.write_text(mutated.code.replace(trampoline_imports.strip(), _TRAMPOLINE))
    return tuple(_mutants_in(file, mutated))


def _mutants_in(file: Path, mutated: MutatedFile) -> Iterator[Mutant]:
    lines, spans = mutated.code.splitlines(), mutated.line_span_by_function_name
    for name in mutated.mutant_names:
        mangled = name.rpartition("__mutmut_")[0]
        original, mutant = (spans[one] for one in (f"{mangled}__mutmut_orig", name))
        texts = [lines[span.start - 1 : span.end] for span in (original, mutant)]
        before, after = map(_without_name, texts)
        changed = (line for line in difflib.ndiff(before, after) if line[0] in "+-")
        changes = tuple(f"{line[0]} {line[1:].strip()}" for line in changed)
        function = ".".join((*file.with_suffix("").parts, mangled[2:].replace("ǁ", ".")))
        place, statement = range(mutant.start, mutant.end + 1), _changed(texts[0], texts[1], original.start)
        does_the_same = len(set(map(_what_it_does, texts))) == 1
        yield Mutant(str(file), name, function, changes, place, statement, does_the_same)


def _changed(original: Sequence[str], mutant: Sequence[str], first_line: int) -> range:
    """The lines of the differing statement; if it has a body, those before it."""
    pairs = zip(original, mutant, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: "__mutmut_" in pair[0] or pair[0] == pair[1], pairs))
    differs, function = min(same + 1, len(original)), _parsed(original)
    statements = (node for node in ast.walk(function) if isinstance(node, ast.stmt))
    *_, statement = (each for each in statements if differs in _lines_of(each))
    # A function's parameters are evaluated when it is called, whatever runs then.
    head = len(original) if statement is function else _line_of_body(statement) - 1
    return range(first_line - 1 + statement.lineno, first_line + max(head, statement.lineno))


def _lines_of(statement: ast.stmt) -> range:
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _line_of_body(statement: ast.stmt) -> int:
    match statement:
        case ast.If() | ast.For() | ast.While() | ast.With() | ast.Try() | ast.FunctionDef():
            return statement.body[0].lineno
        case ast.Match():
            return statement.cases[0].pattern.lineno
    return _lines_of(statement).stop


def _parsed(lines: Sequence[str]) -> ast.FunctionDef:
    function = ast.parse(textwrap.dedent("\n".join(lines))).body[0]
    assert isinstance(function, ast.FunctionDef)
    return function


def _without_name(lines: Sequence[str]) -> Sequence[str]:
    """A function without the line that has the mutant's name, which always differs."""
    return [line for line in lines if "__mutmut_" not in line]


def _what_it_does(lines: Sequence[str]) -> str:
    """A function without its name and texts for people, and with lower-case headers."""
    function = _parsed(lines)
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in READ_BY_PEOPLE_ALONE:
                node.args = [ast.Constant(None) if _is_text(argument) else argument for argument in node.args]
            case ast.Constant(value=str(text)) if text.lower() in HEADERS:
                node.value = text.lower()
    function.name = ""
    return ast.dump(function)


def _is_text(argument: ast.expr) -> bool:
    """None counts too, since mutmut replaces texts by it."""
    return isinstance(argument, ast.JoinedStr) or (
        isinstance(argument, ast.Constant) and isinstance(argument.value, str | None)
    )


def _with_plain_properties(code: str) -> str:
    """The same code with every property calling a plain function, because mutmut leaves decorated ones alone.

    But not those that a protocol only declares, which would lose their types.
    """
    lines = code.splitlines()
    functions = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef))
    for function in sorted(functions, key=lambda function: function.lineno, reverse=True):
        if [ast.unparse(decorator) for decorator in function.decorator_list] == ["property"] and _does_a_thing(
            function
        ):
            line, end = function.lineno - 1, function.end_lineno or function.lineno
            head, indent = lines[line], " " * function.col_offset
            # Not assigned to the property's name, which a named tuple would take for a field.
            lines[end:end] = [f"{indent}@property", head, f"{indent}    return self._get_{function.name}()"]
            # Its class may have a field named like the property, with an underscore.
            lines[line] = head.replace(f"def {function.name}", f"def _get_{function.name}")
            del lines[line - 1]
    return "\n".join(lines) + "\n"


def _does_a_thing(function: ast.FunctionDef) -> bool:
    """Whether it contains more than a docstring or three dots."""
    return not all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in function.body)
