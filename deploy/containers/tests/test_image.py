"""What the images are made of is pinned, is what runs here, and nothing more."""

import re

from deploy.containers.tests.composed import ROOT

_DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


def _locked(text: str) -> dict[str, str]:
    blocks = [block.strip() for block in re.split(r"(?m)^(?=[a-z0-9])", text) if block.strip()]
    return {block.split("==")[0]: block for block in blocks}


def test_the_image_holds_what_the_lock_file_says_and_no_tool_of_the_tests() -> None:
    everything = _locked((ROOT / "requirements.lock").read_text())
    installed = _locked((ROOT / "deploy" / "requirements.lock").read_text())
    assert {name for name in installed if everything.get(name) != installed[name]} == set()
    wanted = {line.split("[")[0] for line in (ROOT / "deploy" / "requirements.in").read_text().split()}
    named = {line.split("[")[0] for line in (ROOT / "requirements.in").read_text().split()}
    assert wanted <= named
    assert wanted <= installed.keys()
    assert not {"pytest", "hypothesis", "mypy", "ruff", "testcontainers"} & installed.keys()


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
