"""The set-up: finding a Python, making .venv when and only when needed, and .ci/run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

ROOT = Path(__file__).resolve().parents[1]
SETUP_FILES = ("Makefile", "scripts/venv.sh", "requirements.txt", "setup.cfg", "pyproject.toml")
TOOLS = ("sh", "cat", "rm", "mkdir", "cp", "touch")

# Stands in for a Python: answers what the set-up asks, makes a .venv that holds a copy of itself, and writes
# down what is run with it. Its version, whether it has venv, and the step at which it fails come from its
# first lines.
FAKE_PYTHON = """
case "$1 $2" in
    -c*ensurepip*) echo "$version $venv $0" ;;
    -c*) echo "/usr $version" ;;
    "-m venv") echo "venv" >> log; test ! -e fail-early && mkdir .venv/bin && cp "$0" .venv/bin/python ;;
    --version*) echo "Python $version" ;;
    "-m pip") echo "pip" >> log; test ! -e fail ;;
    *) for argument in "$@"; do echo "<$argument>" >> log; done ;;
esac
"""


@pytest.fixture
def project(tmp_path):
    """A copy of the set-up's files; `make` there finds no Python but those that a test puts into bin/."""
    for name in SETUP_FILES:
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "project" / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return tmp_path / "project"


def add_python(project: Path, name: str, version: str, venv: str = "yes") -> Path:
    path = project.parent / "bin" / name
    path.write_text(f"#!/bin/sh\nversion={version} venv={venv}\n{FAKE_PYTHON}", encoding="utf-8")
    path.chmod(0o755)
    return path


def make(project: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([shutil.which("make"), *arguments], cwd=project, capture_output=True, text=True,
                          env={"PATH": str(project.parent / "bin")})


def log(project: Path) -> list[str]:
    """What the fake Pythons were asked to do since the last call."""
    path = project / "log"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def the_one_line(finished: subprocess.CompletedProcess) -> str:
    assert finished.returncode == 2
    assert finished.stdout == ""
    (line,) = finished.stderr.splitlines()
    return line


NEW_VENV = ["venv", "pip", "pip"]


@pytest.mark.parametrize("target", ["setup", "test", "restore", "lint"])
def test_without_any_python_one_line_says_what_to_install(project, target):
    line = the_one_line(make(project, target))
    assert "no Python 3.9 to 3.11 found" in line
    assert "apt-get install python3.11-venv" in line


def test_a_python_that_only_fails_counts_as_none(project):
    add_python(project, "python3", "3.11").write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    assert "python3 python not found or not working" in the_one_line(make(project, "setup"))


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.8"])
def test_an_unsuitable_python_is_named(project, version):
    add_python(project, "python3", version)
    line = the_one_line(make(project, "test"))
    assert f"python3 is {version}" in line
    assert "python3.11-venv" in line


def test_without_venv_one_line_names_its_package(project):
    add_python(project, "python3", "3.12")
    add_python(project, "python3.10", "3.10", venv="no")
    line = the_one_line(make(project, "restore"))
    assert "Python 3.10" in line
    assert "apt-get install python3.10-venv" in line


def test_a_python_that_fails_or_lacks_venv_is_passed_over(project):
    shim = add_python(project, "python3.11", "3.11")
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    add_python(project, "python3.10", "3.10", venv="no")
    add_python(project, "python3", "3.9")
    finished = make(project, "setup")
    assert finished.returncode == 0
    assert f"making .venv with {project.parent}/bin/python3\n" in finished.stdout
    assert log(project) == NEW_VENV


def test_a_named_python_is_the_only_one_tried(project):
    add_python(project, "python3.11", "3.11")
    add_python(project, "other python", "3.12")
    assert "is 3.12" in the_one_line(make(project, "setup", f"PYTHON={project.parent}/bin/other python"))
    assert "not found" in the_one_line(make(project, "setup", "PYTHON=python3.9"))
    assert log(project) == []


def test_another_named_python_makes_the_venv_anew(project):
    add_python(project, "python3.11", "3.11")
    add_python(project, "python3.9", "3.9")
    make(project, "setup")
    assert log(project) == NEW_VENV
    make(project, "setup", "PYTHON=python3.9")
    assert log(project) == NEW_VENV
    for arguments in (["PYTHON=python3.9"], []):
        make(project, "setup", *arguments)
        assert log(project) == []


def test_a_second_run_installs_nothing(project):
    add_python(project, "python3.11", "3.11")
    assert make(project, "setup").returncode == 0
    assert log(project) == NEW_VENV
    assert make(project, "setup").returncode == 0
    assert log(project) == []


def test_changed_pins_are_installed_into_the_venv_as_it_is(project):
    add_python(project, "python3.11", "3.11")
    make(project, "setup")
    log(project)
    ready = project / ".venv" / ".ready"
    os.utime(ready, (0, 0))
    assert make(project, "setup").returncode == 0
    assert log(project) == ["pip", "pip"]


def test_an_interrupted_set_up_is_done_anew(project):
    add_python(project, "python3.11", "3.11")
    (project / "fail").touch()
    assert make(project, "setup").returncode != 0
    assert log(project) == ["venv", "pip"]
    (project / "fail").unlink()
    assert make(project, "setup").returncode == 0
    assert log(project) == NEW_VENV


def test_a_set_up_interrupted_at_once_is_done_anew(project):
    add_python(project, "python3.11", "3.11")
    (project / "fail-early").touch()
    assert make(project, "setup").returncode != 0
    (project / "fail-early").unlink()
    log(project)
    assert make(project, "setup").returncode == 0
    assert log(project) == NEW_VENV


@pytest.mark.parametrize("version, expected", [("3.10", ["pip", "pip"]), ("3.12", NEW_VENV)])
def test_a_venv_made_by_hand_is_kept_if_its_python_will_do(project, version, expected):
    add_python(project, "python3.11", "3.11")
    (project / ".venv" / "bin").mkdir(parents=True)
    add_python(project, "by-hand", version).rename(project / ".venv" / "bin" / "python")
    (project / ".venv" / "own").touch()
    assert make(project, "setup").returncode == 0
    assert log(project) == expected
    assert (project / ".venv" / "own").exists() == (expected != NEW_VENV)
    assert make(project, "setup").returncode == 0
    assert log(project) == []


def test_a_failed_update_is_done_anew(project):
    add_python(project, "python3.11", "3.11")
    make(project, "setup")
    os.utime(project / ".venv" / ".ready", (0, 0))
    (project / "fail").touch()
    assert make(project, "setup").returncode != 0
    (project / "fail").unlink()
    log(project)
    assert make(project, "setup").returncode == 0
    assert log(project) == NEW_VENV


def test_a_venv_of_a_too_new_python_is_made_anew(project):
    add_python(project, "python3.11", "3.11")
    make(project, "setup")
    log(project)
    shutil.copy(add_python(project, "python3.13", "3.13"), project / ".venv" / "bin" / "python")
    assert make(project, "setup").returncode == 0
    assert log(project) == NEW_VENV


def test_a_moved_project_makes_its_venv_anew(project):
    add_python(project, "python3.11", "3.11")
    make(project, "setup")
    log(project)
    moved = project.rename(project.parent / "moved project")
    assert make(moved, "setup").returncode == 0
    assert log(moved) == NEW_VENV


@pytest.mark.parametrize("arguments, expected", [
    ([], ["--input", "examples/noisy_image.jpg", "--mask", "examples/mask.png"]),
    (["INPUT=my picture.jpg"], ["--input", "my picture.jpg", "--mask", "auto"]),
    (["INPUT=a.png", "MASK=its mask.png", "OUTPUT=to here/b.png"],
     ["--input", "a.png", "--mask", "its mask.png", "--output", "to here/b.png"]),
])
def test_make_restore_passes_its_variables_on(project, arguments, expected):
    add_python(project, "python3.11", "3.11")
    make(project, "setup")
    log(project)
    assert make(project, "restore", *arguments).returncode == 0
    assert log(project) == [f"<{argument}>" for argument in ["inference.py", *expected]]


def test_help_is_the_default_and_lists_every_target(project):
    finished = make(project)
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (help .*)$", makefile, re.MULTILINE)
    assert finished.returncode == 0
    listed = re.findall(r"^make ([\w-]+)", finished.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(set(phony.group(1).split()) - {"help"})


FAKE_MAKE = """#!/bin/sh
echo "$1" >> log
case "$1 $situation" in
    "lint bad-style" | "test failing" | "restore broken" | "docker-check image-fails") exit 2 ;;
    "restore writes" | "restore no-buildah" | "restore image-fails")
        mkdir -p restored; echo new > restored/noisy_image.png ;;
    "restore writes-nothing") mkdir -p restored; : > restored/noisy_image.png ;;
esac
"""


@pytest.mark.parametrize("situation, expected", [
    ("writes", 0), ("bad-style", 2), ("failing", 2), ("broken", 2), ("forgets", 1), ("writes-nothing", 1),
    ("no-buildah", 0), ("image-fails", 2)])
def test_ci_fails_when_anything_fails(tmp_path, situation, expected):
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "bin").mkdir()
    for tool in (*TOOLS, "bash", "dirname"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    (tmp_path / "bin" / "make").write_text(FAKE_MAKE, encoding="utf-8")
    for tool in ("make", "debootstrap", *([] if situation == "no-buildah" else ["buildah"])):
        (tmp_path / "bin" / tool).touch()
        (tmp_path / "bin" / tool).chmod(0o755)
    (tmp_path / "restored").mkdir()
    (tmp_path / "restored" / "noisy_image.png").write_text("of an earlier run", encoding="utf-8")
    finished = subprocess.run([shutil.which("bash"), str(tmp_path / ".ci" / "run")], capture_output=True, text=True,
                              env={"PATH": f"{tmp_path / 'bin'}", "situation": situation})
    assert finished.returncode == expected
    if expected == 0:
        with_image = [] if situation == "no-buildah" else ["docker-check"]
        assert log(tmp_path) == ["setup", "lint", "test", "restore", *with_image]
        assert ("buildah and debootstrap are not here" in finished.stdout) == (situation == "no-buildah")
