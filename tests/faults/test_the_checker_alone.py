"""The checker judges by itself: it shares nothing with what it judges, so that a fault is not made twice."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import tests.faults.checker
from tests.faults import checker

ITSELF = checker.__name__
FOLDER = Path(str(tests.faults.checker.__file__)).parent
OF_OTHERS = {"asyncpg", "aiokafka"}


def imported(source: str) -> Iterator[str]:
    """The modules that a module asks for, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def foreign(source: str) -> set[str]:
    known = sys.stdlib_module_names | OF_OTHERS
    return {
        name
        for name in imported(source)
        if name.partition(".")[0] not in known and not f"{name}.".startswith(f"{ITSELF}.")
    }


def test_it_imports_only_the_standard_library_the_engines_clients_and_itself() -> None:
    modules = sorted(FOLDER.rglob("*.py"))
    assert len(modules) > 5
    assert {file.name: found for file in modules if (found := foreign(file.read_text()))} == {}


def test_what_is_ours_would_be_seen() -> None:
    assert foreign("def f():\n    from libs.money import yuan\n") == {"libs.money"}
    assert foreign("import json, tests.faults.rest") == {"tests.faults.rest"}
    assert foreign("from ..bodies import PLANS") == {"..bodies"}
    assert foreign("import asyncpg\nfrom tests.faults.checker.orders import CHINA") == set()
