"""What the images are made of is pinned, is what runs here, and nothing more."""

import ast
import re
import sys
from importlib import metadata

from packaging.utils import canonicalize_name

from deploy.containers.tests.composed import ROOT
from tests.locking import INSTALLED, WANTED, image_lock, locked

_DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


def _imported() -> set[str]:
    """The top of every module that the code of the image imports, wherever in a file it does."""
    found = set()
    for folder in ("contracts", "libs", "services", "deploy"):
        for file in (ROOT / folder).rglob("*.py"):
            if "tests" in file.parts or file.name == "conftest.py":
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"contracts", "libs", "services", "deploy", "tests"}


def test_the_image_holds_all_that_its_code_imports() -> None:
    installed = locked(INSTALLED.read_text())
    distributions = metadata.packages_distributions()
    missing = {
        module
        for module in _imported()
        if not any(canonicalize_name(name) in installed for name in distributions.get(module, ()))
    }
    assert missing == set(), "name them in deploy/requirements.in, and run `python -m tests.locking`"


def test_the_image_holds_what_the_lock_file_says_and_no_tool_of_the_tests() -> None:
    assert INSTALLED.read_text() == image_lock(), "run `python -m tests.locking`"
    assert set(WANTED.read_text().split()) <= set((ROOT / "requirements.in").read_text().split())
    tools = {"pytest", "hypothesis", "mypy", "ruff", "testcontainers"}
    assert not tools & locked(INSTALLED.read_text()).keys()


def test_the_image_builds_with_any_builder_from_images_that_can_be_named() -> None:
    assert "# syntax" not in _DOCKERFILE
    assert "--mount" not in _DOCKERFILE
    stages = re.findall(r"^FROM (\S+)", _DOCKERFILE, re.MULTILINE)
    assert set(stages) == {"${PYTHON_IMAGE}", "${NGINX_IMAGE}"}
    defaults = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", _DOCKERFILE, re.MULTILINE))
    assert defaults == {"PYTHON_IMAGE": "python:3.11-slim-bookworm", "NGINX_IMAGE": "nginx:1"}


def test_nobody_in_an_image_is_root() -> None:
    users = re.findall(r"^USER (\d+):(\d+)$", _DOCKERFILE, re.MULTILINE)
    assert len(users) == 2
    assert all(int(user) > 0 and int(group) > 0 for user, group in users)
