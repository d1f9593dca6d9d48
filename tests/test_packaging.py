"""What is pinned, what is packaged, and that the two agree."""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("deepfill_tf", "denoise", "pipelines", "weights")
RUN_ELSEWHERE = {"jax"}  # pipelines.portable is for machines without TensorFlow


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def requirements(text: str) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line]


def pinned(python: str) -> dict[str, str]:
    """Versions that requirements.txt gives each package on that Python."""
    environment = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux",
                   "platform_python_implementation": "CPython", "implementation_name": "cpython"}
    found: dict[str, str] = {}
    for requirement in requirements((ROOT / "requirements.txt").read_text(encoding="utf-8")):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{name} is pinned twice for Python {python}"
            found[name] = next(iter(requirement.specifier)).version
    return found


def test_every_requirement_is_pinned():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for requirement in requirements(text):
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement
    assert not re.search(r"://|^-", text, re.MULTILINE), "an index or an option has no place among the pins"


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 does not list its standard library")
def test_what_is_imported_is_required():
    distributions = metadata.packages_distributions()
    required = {canonicalize_name(requirement.name)
                for requirement in requirements(settings()["options"]["install_requires"])}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for package in PACKAGES
             for path in (ROOT / package).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    names = {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names) - set(PACKAGES)
    assert "tensorflow" in names
    names -= RUN_ELSEWHERE
    assert {canonicalize_name(distributions[name][0]) for name in names} <= required


@pytest.mark.parametrize("python", ["3.9", "3.10", "3.11"])
def test_pins_lie_in_the_ranges_of_setup_cfg(python):
    versions = pinned(python)
    extras = settings()["options.extras_require"]
    for requirement in requirements("\n".join(
            [settings()["options"]["install_requires"], extras["test"], extras["lint"]])):
        if requirement.marker is not None and not requirement.marker.evaluate({"python_version": python}):
            continue
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_pyproject_names_the_build_backend_only():
    tables = re.findall(r"^\[(.+)\]$", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert tables == ["build-system"]


def test_console_scripts_exist():
    for line in settings()["options.entry_points"]["console_scripts"].strip().splitlines():
        module, _, function = line.partition("=")[2].strip().partition(":")
        tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, line


def test_the_wheel_holds_packages_weights_and_metadata(tmp_path):
    source = tmp_path / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("*.h5"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    (source / "weights" / "some-model").mkdir()
    (source / "weights" / "some-model" / "generator.h5").write_bytes(b"weights")
    (source / "tests").mkdir()
    (source / "tests" / "__init__.py").touch()
    subprocess.run([sys.executable, "-m", "pip", "wheel", ".", "--quiet", "--no-deps", "--no-build-isolation",
                    "--no-index", "--wheel-dir", str(tmp_path)], cwd=source, check=True)
    (path,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        folder = next(name.partition("/")[0] for name in names if ".dist-info/" in name)
        header = Parser().parsestr(wheel.read(f"{folder}/METADATA").decode("utf-8"))
    modules = {path.relative_to(source).as_posix() for package in PACKAGES
               for path in (source / package).rglob("*.py")}
    assert modules | {"weights/registry.yaml", "weights/some-model/generator.h5"} <= names
    assert not [name for name in names if name.startswith("tests/") or name.endswith(".pyc")]
    assert f"{folder}/licenses/LICENSE" in names
    assert header["Name"] == "n2v-deepfill"
    assert header["License"] == "Apache-2.0"
    assert header["Requires-Python"] == "<3.12,>=3.9"
    assert "Restore pictures" in header["Summary"]


def test_the_installed_wheel_works_from_any_folder(tmp_path):
    """As in an environment without the source: the wheel's own files come before an editable installation."""
    source = tmp_path / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run([*pip, "wheel", ".", "--no-deps", "--no-build-isolation", "--no-index",
                    "--wheel-dir", str(tmp_path)], cwd=source, check=True)
    shutil.rmtree(source)
    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", str(installed),
                    str(*tmp_path.glob("*.whl"))], check=True)
    code = "import weights; print(*(weights.find(name) for name in weights.names()), sep='\\n')"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    found = subprocess.run([sys.executable, "-c", code], cwd=elsewhere, env=environment, capture_output=True, text=True,
                           check=True).stdout.splitlines()
    assert found and all(Path(path).is_relative_to(installed) and Path(path).is_file() for path in found)
    told = subprocess.run([sys.executable, "-m", "pipelines.restore", "--help"], cwd=elsewhere, env=environment,
                          capture_output=True, text=True, check=True).stdout
    assert told.startswith("usage: python -m pipelines.restore")
    scripts = {line.partition("=")[0].strip()
               for line in settings()["options.entry_points"]["console_scripts"].strip().splitlines()}
    assert scripts <= {path.name for path in (installed / "bin").iterdir()}
