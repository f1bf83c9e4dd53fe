"""What is caught: broadly only where it is raised again or argued, and the system's errors reach a message in words."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest

from support.repository import ROOT

FILES = sorted(path for room in ("cost", "planner", "backends", "dynamap") for path in (ROOT / room).rglob("*.py"))
BROAD = {"Exception", "BaseException"}
OF_THE_SYSTEM = {"OSError", "EnvironmentError", "IOError"}


def handlers(text: str) -> Iterator[ast.ExceptHandler]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ExceptHandler))


def caught(handler: ast.ExceptHandler) -> set[str]:
    """The names of the classes; that of a bare ``except:`` is BaseException."""
    if handler.type is None:
        return {"BaseException"}
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {kind.id for kind in kinds if isinstance(kind, ast.Name)}


def unargued(text: str) -> list[int]:
    """The lines of broad handlers that neither end with a bare ``raise`` nor say why behind a ``#``."""
    lines = text.splitlines()
    return [
        one.lineno
        for one in handlers(text)
        if caught(one) & BROAD
        and not (isinstance(one.body[-1], ast.Raise) and one.body[-1].exc is None)
        and "#" not in lines[one.lineno - 1]
    ]


def with_numbers(text: str) -> list[int]:
    """The lines where an error that may be the system's is shown as it is: ``[Errno 2] No such file: 'a'``."""
    found = []
    for one in handlers(text):
        if not (caught(one) & OF_THE_SYSTEM and one.name):
            continue
        for node in ast.walk(one):
            shown = [node.value] if isinstance(node, ast.FormattedValue) else []
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("str", "print"):
                shown = node.args
            found += [each.lineno for each in shown if isinstance(each, ast.Name) and each.id == one.name]
    return found


@pytest.mark.parametrize("finds", [unargued, with_numbers])
def test_excepts(finds: Callable[[str], list[int]]) -> None:
    """Say why it catches everything, or catch less; show an error of the system by in_words of cost/errors.py."""
    found = {str(path.relative_to(ROOT)): finds(path.read_text(encoding="utf-8")) for path in FILES}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_the_test_finds_what_it_looks_for() -> None:
    broad = "try:\n    pass\nexcept Exception{}:\n    {}\n"
    assert unargued(broad.format("", "pass")) == [3]
    assert unargued("try:\n    pass\nexcept:\n    pass\n") == [3]
    assert unargued(broad.format("", "raise")) == []
    assert unargued(broad.format("", "raise ValueError")) == [3]
    assert unargued("try:\n    pass\nexcept Exception:  # of many classes\n    pass\n") == []
    system = "try:\n    pass\nexcept (OSError, ValueError) as error:\n    {}\n"
    for line in ("raise E(f'{error}')", "print(error)", "x = str(error)"):
        assert with_numbers(system.format(line)) == [4]
    assert with_numbers(system.format("raise E(f'{in_words(error)}')")) == []
    assert with_numbers("try:\n    pass\nexcept ValueError as error:\n    print(error)\n") == []
