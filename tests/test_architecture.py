"""The rules that keep the packages apart, each shown to notice a violation."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("deepfill_tf", "denoise", "pipelines", "weights")

# What each package may import of this project, besides itself; "lazily": only inside a function.
ALLOWED = {
    "deepfill_tf": {},
    "denoise": {},
    "weights": {"deepfill_tf": "always", "denoise": "lazily"},
    "pipelines": {"deepfill_tf": "always", "denoise": "always", "weights": "always"},
}
# Who may import n2v and csbdeep: adapters that know n2v's quirks, and the detector of damage, whose network is built
# by CSBDeep; it takes that one function and nothing of n2v.
ADAPTERS = {"n2v": ("denoise/model.py", "denoise/official.py"),
            "csbdeep": ("denoise/model.py", "denoise/official.py", "pipelines/damage/network.py")}
OWN = {*PACKAGES, "tests", "benchmarks", "inference"}
LONGEST_FILE = 250
VAGUE_NAMES = ("utils", "util", "helpers", "misc")
SLOW_MODULES = ("tensorflow", "keras", "n2v", "csbdeep", "tensorflow_addons", "tensorflow_gan",
                "tensorflow_probability", "skimage", "scipy", "cv2", "matplotlib", "jax")
MACHINE_PATH = re.compile(r"(?<![\w.])/(root|work|tmp)/")


def imports_of(source: str) -> Iterator[tuple[str, bool]]:
    """Absolute modules that `source` imports, by statement or by literal name; whether inside a function."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        lazily = id(node) in inside
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, lazily
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module, lazily
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("import_module", "__import__"):
                yield str(node.args[0].value), lazily


def python_files(root: Path) -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            yield package, path


def wrong_imports(root: Path) -> list[str]:
    """Imports against the direction, and n2v or csbdeep where they do not belong."""
    found = []
    for package, path in python_files(root):
        place = path.relative_to(root).as_posix()
        for module, lazily in imports_of(path.read_text(encoding="utf-8")):
            top = module.partition(".")[0]
            permission = "always" if top == package else ALLOWED[package].get(top)
            if top in OWN and permission != "always" and not (permission == "lazily" and lazily):
                found.append(f"{place} imports {module}")
            if top in ADAPTERS and place not in ADAPTERS[top]:
                found.append(f"{place} imports {module}")
    return found


def relative_escapes(root: Path) -> list[str]:
    """Relative imports that leave their package, which `imports_of` does not see."""
    found = []
    for _, path in python_files(root):
        depth = len(path.relative_to(root).parts) - 1
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level > depth:
                found.append(path.relative_to(root).as_posix())
    return found


def vaguely_named(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for package in (*PACKAGES, "tests", "benchmarks")
            for path in sorted((root / package).rglob("*")) if path.stem in VAGUE_NAMES]


def too_long(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for _, path in python_files(root)
            if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE]


def bare_asserts(root: Path) -> list[str]:
    """Asserts in library code: `python -O` drops them, and they say nothing to a user."""
    return [f"{path.relative_to(root).as_posix()}:{node.lineno}" for _, path in python_files(root)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Assert)]


def machine_paths(root: Path, names: list[str]) -> list[str]:
    """Lines of the text files `names` that hold a path of one machine."""
    found = []
    for name in names:
        try:
            lines = (root / name).read_text(encoding="utf-8").splitlines()
        except (UnicodeDecodeError, FileNotFoundError):  # not text, or deleted and not yet committed
            continue
        found += [f"{name}:{number}" for number, line in enumerate(lines, 1)
                  if MACHINE_PATH.search(line)]
    return found


def commands(root: Path) -> list[str]:
    """Modules that `python -m` runs: those with a `__main__` block."""
    return [".".join(path.relative_to(root).with_suffix("").parts) for _, path in python_files(root)
            if re.search(r'^if __name__ == "__main__":', path.read_text(encoding="utf-8"), re.MULTILINE)]


def modules_after(code: str, folder: Path) -> set[str]:
    """Names of all modules that a fresh interpreter has loaded after `code`."""
    report = "import json, sys; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    program = f"try:\n    {code}\nexcept SystemExit:\n    pass\n{report}"
    finished = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True,
                              check=True)
    return set(json.loads(finished.stderr.splitlines()[-1]))


@pytest.mark.parametrize("rule", [wrong_imports, relative_escapes, vaguely_named, too_long, bare_asserts],
                         ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule):
    assert not rule(ROOT)


@pytest.mark.parametrize("name, source", [
    ("deepfill_tf/layers/conv.py", "import denoise"),
    ("deepfill_tf/conv.py", "from pipelines.errors import InputError"),
    ("deepfill_tf/conv.py", "def load():\n    from weights import registry"),
    ("denoise/noise.py", "from deepfill_tf import layers"),
    ("denoise/noise.py", "import importlib\nimportlib.import_module('pipelines.images')"),
    ("denoise/noise.py", "from n2v.models import N2V"),
    ("denoise/sub/model.py", "import n2v"),
    ("pipelines/chain.py", "def load():\n    import csbdeep.models"),
    ("pipelines/damage/network.py", "from n2v.models import N2V"),
    ("pipelines/chain.py", "from tests import helper"),
    ("weights/registry.py", "import pipelines.images"),
    ("weights/registry.py", "import denoise"),
])
def test_a_wrong_import_is_noticed(tmp_path, name, source):
    write(tmp_path, name, source)
    assert [line.split()[0] for line in wrong_imports(tmp_path)] == [name]


@pytest.mark.parametrize("name, source", [
    ("pipelines/chain.py", "import denoise, deepfill_tf.layers, weights\nfrom pipelines import errors"),
    ("weights/registry.py", "import deepfill_tf\ndef load():\n    import denoise"),
    ("denoise/model.py", "def load():\n    from n2v.models import N2V\n    import csbdeep"),
    ("pipelines/damage/network.py", "def build():\n    from csbdeep.internals.nets import custom_unet"),
    ("deepfill_tf/conv.py", "import numpy, tensorflow\nfrom . import layers\nfrom deepfill_tf import layers"),
])
def test_a_right_import_passes(tmp_path, name, source):
    write(tmp_path, name, source)
    assert not wrong_imports(tmp_path)
    assert not relative_escapes(tmp_path)


@pytest.mark.parametrize("rule, name, source", [
    (relative_escapes, "denoise/noise.py", "from ..deepfill_tf import layers"),
    (vaguely_named, "pipelines/utils.py", ""),
    (vaguely_named, "deepfill_tf/utils/arrays.py", ""),
    (too_long, "denoise/noise.py", "\n" * (LONGEST_FILE + 1)),
    (bare_asserts, "denoise/noise.py", "def run(image):\n    assert image.ndim == 2"),
])
def test_other_violations_are_noticed(tmp_path, rule, name, source):
    write(tmp_path, name, source)
    assert len(rule(tmp_path)) == 1


def test_machine_paths_are_noticed(tmp_path):
    write(tmp_path, "denoise/noise.py", "FOLDER = '/" + "work/data'")
    write(tmp_path, "docs/notes.md", "Harmless: https://example.org/work/x, ./tmp/x.\nNot so: /" + "tmp/x.")
    found = machine_paths(tmp_path, ["denoise/noise.py", "docs/notes.md", "deleted.py"])
    assert found == ["denoise/noise.py:1", "docs/notes.md:2"]


def test_no_tracked_file_holds_a_machine_path():
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout, so there is no list of tracked files")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not machine_paths(ROOT, listed.stdout.split("\0")[:-1])


def test_packages_import_nothing_slow():
    loaded = modules_after("import deepfill_tf, denoise, pipelines, weights", ROOT)
    assert set(PACKAGES) <= loaded
    assert not loaded & set(SLOW_MODULES)


def test_there_are_commands():
    assert "pipelines.restore" in commands(ROOT)


@pytest.mark.parametrize("module", commands(ROOT))
def test_help_loads_nothing_slow(module):
    run_module = f"runpy.run_module('{module}', run_name='__main__')"
    loaded = modules_after(f"import runpy, sys; sys.argv = ['{module}', '--help']; {run_module}", ROOT)
    assert "argparse" in loaded
    assert not loaded & set(SLOW_MODULES)


def test_something_slow_is_noticed(tmp_path):
    write(tmp_path, "scipy.py", "")
    assert "scipy" in modules_after("import scipy", tmp_path)


def write(root: Path, name: str, source: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
