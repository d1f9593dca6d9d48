"""A start without chatter that hides nothing real; device, seed, precision and versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines import runtime
from pipelines.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    """Run `code` in a process of its own: TensorFlow can be started only once in each."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**inherited, **environment},
                          capture_output=True, text=True)


@pytest.fixture(scope="module")
def started():
    """What a process that starts TensorFlow in several ways prints and reports."""
    finished = run("""
import gc, importlib.util, json, random, sys
from pipelines import runtime
before = gc.get_stats()[0]["collections"]
report = {"device": runtime.start("cpu", seed=3)}
report["looked for garbage"] = gc.get_stats()[0]["collections"] - before
report["looks for garbage"] = gc.isenabled()
import numpy, tensorflow as tf
from tensorflow.python.framework import config

def draw():
    return [random.random(), float(numpy.random.rand()), float(tf.random.uniform(()))]

def rewrites():
    return bool(tf.config.optimizer.get_experimental_options().get("auto_mixed_precision_onednn_bfloat16"))

report["seeded with 3"] = draw()
report["deterministic"] = config.is_op_determinism_enabled()
runtime.start("cpu", seed=4)
report["seeded with 4"] = draw()
report["device again"] = runtime.start("auto", seed=3)
report["seeded with 3 again"] = draw()
runtime.processor_features = lambda: {"avx", "avx512_bf16"}
runtime.start(precision="bfloat16")
report["bfloat16"] = [rewrites(), tf.keras.mixed_precision.global_policy().name]
runtime.start()
report["float32"] = [rewrites(), tf.keras.mixed_precision.global_policy().name]
names = [name for name in ("jax", "pandas") if importlib.util.find_spec(name)]
report["loaded"] = [name for name in names if name in sys.modules]
report["later"] = [importlib.import_module(name).__name__ for name in names] == names
import n2v.models, tensorflow_addons, tensorflow_gan, tensorflow_probability
print(json.dumps(report))
""", CUDA_VISIBLE_DEVICES="-1")
    assert finished.returncode == 0, finished.stderr
    return SimpleNamespace(stderr=finished.stderr, report=json.loads(finished.stdout))


def test_the_start_says_nothing(started):
    assert started.stderr == ""


def test_a_seed_fixes_all_random_numbers(started):
    report = started.report
    assert report["seeded with 3"] == report["seeded with 3 again"]
    assert all(a != b for a, b in zip(report["seeded with 3"], report["seeded with 4"]))
    assert report["deterministic"]


def test_the_device_in_use_is_told(started):
    assert started.report["device"] == started.report["device again"] == "cpu"


def test_precision_is_set_and_set_back(started):
    assert started.report["bfloat16"] == [True, "float32"]
    assert started.report["float32"] == [False, "float32"]


def test_what_tensorflow_loads_but_nothing_here_needs_is_left_out_and_can_be_loaded_later(started):
    assert started.report["loaded"] == [] and started.report["later"]


def test_garbage_is_not_looked_for_among_modules_that_are_loaded(started):
    assert started.report["looked for garbage"] < 20 and started.report["looks for garbage"]


def test_real_messages_come_through():
    finished = run("""
import warnings
from pipelines import runtime
runtime.start("cpu")
import tensorflow as tf
tf.get_logger().warning("a warning of TensorFlow")
warnings.warn("a warning of Python")
tf.raw_ops.PrintV2(input="a line of a kernel", output_stream="stderr")
""", CUDA_VISIBLE_DEVICES="-1")
    assert finished.returncode == 0
    for message in ("a warning of TensorFlow", "a warning of Python", "a line of a kernel"):
        assert message in finished.stderr


STAND_IN = """
import os
os.write(2, b"W py_utils.cc:38] TF-TRT Warning: Could not find TensorRT\\n")
os.write(2, b"W gpu_device.cc:2256] Cannot dlopen some GPU libraries\\n")
raise ImportError("a library is missing")
"""


def test_messages_of_a_failed_import_come_through(tmp_path):
    (tmp_path / "tensorflow.py").write_text(STAND_IN, encoding="utf-8")
    finished = run("from pipelines import runtime; runtime.start()", PYTHONPATH=str(tmp_path))
    lines = finished.stderr.splitlines()
    assert finished.returncode == 1
    assert lines[0] == "W gpu_device.cc:2256] Cannot dlopen some GPU libraries"
    assert lines[-1] == "ImportError: a library is missing"
    assert "TensorRT" not in finished.stderr


@pytest.mark.skipif(platform.machine() != "x86_64", reason="oneDNN is for these processors")
@pytest.mark.parametrize("environment, found", [({}, "1"), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, "0")])
def test_onednn_is_on_unless_it_is_turned_off(environment, found, tmp_path):
    (tmp_path / "tensorflow.py").write_text("import os; raise ImportError(os.environ['TF_ENABLE_ONEDNN_OPTS'])")
    finished = run("from pipelines import runtime; runtime.start()", PYTHONPATH=str(tmp_path), **environment)
    assert finished.stderr.splitlines()[-1] == f"ImportError: {found}"


def fake_tensorflow(gpus: list[str], running: bool = False) -> SimpleNamespace:
    """The part of TensorFlow that chooses devices; `running`: they cannot be changed any more."""
    calls = SimpleNamespace(visible=list(gpus), growth=[])

    def refuse_when_running():
        if running:
            raise RuntimeError("Physical devices cannot be modified after being initialized")

    def set_visible_devices(devices, kind):
        refuse_when_running()
        calls.visible = list(devices)

    def set_memory_growth(gpu, enable):
        refuse_when_running()
        calls.growth.append((gpu, enable))

    config = SimpleNamespace(
        list_physical_devices=lambda kind: list(gpus), get_visible_devices=lambda kind: calls.visible,
        set_visible_devices=set_visible_devices, list_logical_devices=lambda: [],
        experimental=SimpleNamespace(set_memory_growth=set_memory_growth))
    return SimpleNamespace(config=config, calls=calls)


@pytest.mark.parametrize("gpus, device, chosen, visible", [
    ([], "auto", "cpu", []),
    ([], "cpu", "cpu", []),
    (["first", "second"], "auto", "gpu", ["first", "second"]),
    (["first", "second"], "gpu", "gpu", ["first", "second"]),
    (["first", "second"], "cpu", "cpu", []),
])
def test_the_device_is_chosen(gpus, device, chosen, visible):
    tensorflow = fake_tensorflow(gpus)
    assert runtime._choose_device(tensorflow, device) == chosen
    assert tensorflow.calls.visible == visible
    assert tensorflow.calls.growth == [(gpu, True) for gpu in visible]


def test_a_gpu_that_is_not_there_is_an_error():
    with pytest.raises(InputError, match="^--device gpu: TensorFlow finds no GPU; use --device cpu"):
        runtime._choose_device(fake_tensorflow([]), "gpu")


def test_a_device_cannot_change_once_it_runs():
    with pytest.raises(InputError, match="already runs on another device"):
        runtime._choose_device(fake_tensorflow(["first"], running=True), "cpu")
    assert runtime._choose_device(fake_tensorflow(["first"], running=True), "gpu") == "gpu"


@pytest.mark.parametrize("arguments", [{"device": "tpu"}, {"precision": "float16"}])
def test_unknown_choices_are_refused(arguments):
    with pytest.raises(ValueError, match=f"received: '{next(iter(arguments.values()))}'"):
        runtime.start(**arguments)


def test_a_processor_without_avx_is_an_error(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(runtime, "processor_features", lambda: frozenset({"sse4_2"}))
    with pytest.raises(InputError, match="AVX"):
        runtime.start()


@pytest.mark.parametrize("features, warned",
                         [({"avx512_bf16"}, False), ({"amx_bf16"}, False), ({"avx2"}, True)])
@pytest.mark.parametrize("device, policy", [("cpu", "float32"), ("gpu", "mixed_bfloat16")])
def test_bfloat16(monkeypatch, capsys, features, warned, device, policy):
    monkeypatch.setattr(runtime, "processor_features", lambda: frozenset(features))
    chosen = {}
    tensorflow = SimpleNamespace(
        config=SimpleNamespace(optimizer=SimpleNamespace(set_experimental_options=chosen.update)),
        keras=SimpleNamespace(mixed_precision=SimpleNamespace(
            set_global_policy=lambda name: chosen.update(policy=name))))
    runtime._set_precision(tensorflow, device, "bfloat16")
    assert chosen == {"auto_mixed_precision_onednn_bfloat16": device == "cpu", "policy": policy}
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == (["warning"] if warned and device == "cpu" else [])


def test_processor_features_are_those_of_this_machine():
    features = runtime.processor_features()
    assert platform.machine() != "x86_64" or {"fpu", "avx"} <= features


def test_versions_name_what_is_installed():
    found = runtime.versions()
    assert found["python"] == platform.python_version()
    assert found["tensorflow"] == metadata.version("tensorflow")
    assert {"n2v-deepfill", "n2v", "csbdeep", "numpy"} <= set(found)


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    finished = subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, text=True,
                              capture_output=True)
    return finished.stdout.strip()


def test_the_revision_is_that_of_the_project_itself(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("one", encoding="utf-8")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    revision = git(tmp_path, "rev-parse", "--short=12", "HEAD")
    assert runtime._git_revision(tmp_path) == revision
    (tmp_path / "file").write_text("two", encoding="utf-8")
    assert runtime._git_revision(tmp_path) == f"{revision}-dirty"
    installed = tmp_path / "site-packages"
    installed.mkdir()
    assert runtime._git_revision(installed) == ""


def test_without_git_the_revision_is_unknown(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    assert runtime._git_revision(tmp_path) == ""  # not a repository
    monkeypatch.setenv("PATH", "")
    assert runtime._git_revision(tmp_path) == ""
