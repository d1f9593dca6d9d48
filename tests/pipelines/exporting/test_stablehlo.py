"""The chain for one size, run by JAX where there is no TensorFlow."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.compiler.xla import xla_data_pb2
from tensorflow.compiler.xla.service import hlo_pb2

from pipelines import export
from tests.pipelines.exporting.networks import noise, with_hole

needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="no JAX for Python 3.9 goes along")
BATCH, HEIGHT, WIDTH = 2, 24, 40
# A Python that has NumPy and JAX, and neither TensorFlow nor this project.
ELSEWHERE = """
import runpy, sys
for name in ("tensorflow", "keras", "deepfill_tf", "denoise", "pipelines", "weights", "cv2", "scipy.optimize"):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def exported(denoiser_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    assert export.main(["--format", "stablehlo", "--size", f"{HEIGHT}x{WIDTH}", "--batch", str(BATCH),
                        "--denoiser", str(denoiser_folder), "--output", str(folder / "program")]) == 0
    np.save(folder / "image.npy", noise(BATCH, HEIGHT, WIDTH, 3))
    np.save(folder / "mask.npy", np.stack([with_hole(HEIGHT, WIDTH, (4, 9), (3, 36)),
                                           with_hole(HEIGHT, WIDTH, (2, 20), (20, 25))]))
    return SimpleNamespace(folder=folder / "program", image=folder / "image.npy",
                           mask=folder / "mask.npy")


def run(exported, image, mask, output):
    return subprocess.run([sys.executable, "-W", "error", "-c", ELSEWHERE, str(exported.folder / "run_with_jax.py"),
                           str(image), str(mask), str(output)], cwd=output.parent, capture_output=True, text=True,
                          check=False, env={"PATH": "", "JAX_PLATFORMS": "cpu"})


@needs_jax
def test_jax_gives_what_the_saved_model_gives(exported, saved_model, tmp_path):
    finished = run(exported, exported.image, exported.mask, tmp_path / "restored.npy")
    assert finished.returncode == 0, finished.stderr
    image, mask = np.load(exported.image), np.load(exported.mask)
    expected = tf.saved_model.load(str(saved_model)).signatures["serving_default"](
        image=tf.constant(image), mask=tf.constant(mask))["restored"].numpy()
    difference = np.abs(np.load(tmp_path / "restored.npy").astype(int) - expected)
    assert difference.max() <= 1 and (difference > 0).mean() < 1e-3  # sums are taken in another order. Found: none
    assert (expected != image).mean() > 0.5


@needs_jax
def test_bfloat16_stays_near_float32_and_is_over_with_the_export(exported, denoiser_folder, tmp_path):
    assert export.main(["--format", "stablehlo", "--size", f"{HEIGHT}x{WIDTH}", "--batch", str(BATCH), "--precision",
                        "bfloat16", "--denoiser", str(denoiser_folder), "--output", str(tmp_path / "program")]) == 0
    assert tf.keras.mixed_precision.global_policy().name == "float32"
    assert "BF16" in types_of(tmp_path / "program") and "BF16" not in types_of(exported.folder)
    results = {}
    for name, program in (("float32", exported), ("bfloat16", SimpleNamespace(folder=tmp_path / "program"))):
        finished = run(program, exported.image, exported.mask, tmp_path / f"{name}.npy")
        assert finished.returncode == 0, finished.stderr
        results[name] = np.load(tmp_path / f"{name}.npy").astype(int)
    assert np.abs(results["bfloat16"] - results["float32"]).mean() < 1


def types_of(folder):
    """Names of the types that the program computes with."""
    module = hlo_pb2.HloModuleProto.FromString((folder / "program.hlo").read_bytes())
    types = {instruction.shape.element_type for part in module.computations for instruction in part.instructions}
    return {xla_data_pb2.PrimitiveType.Name(number) for number in types}


@needs_jax
def test_pictures_of_another_size_are_refused(exported, tmp_path):
    np.save(tmp_path / "image.npy", noise(1, HEIGHT, WIDTH, 3))
    finished = run(exported, tmp_path / "image.npy", exported.mask, tmp_path / "restored.npy")
    assert finished.returncode == 1 and not (tmp_path / "restored.npy").exists()
    (line,) = finished.stderr.splitlines()
    assert line == "image: the program takes ['uint8', [2, 24, 40, 3]], received ['uint8', [1, 24, 40, 3]]"


def test_the_manifest_tells_all_inputs_and_outputs(exported):
    manifest = json.loads((exported.folder / "manifest.json").read_text())
    program = (exported.folder / manifest["program"]["file"]).read_bytes()
    assert manifest["program"]["sha256"] == hashlib.sha256(program).hexdigest()
    first, second, *others = manifest["inputs"]
    assert [first, second] == [{"name": name, "role": "argument", "dtype": "uint8", "shape": [2, 24, 40, channels]}
                               for name, channels in (("image", 3), ("mask", 1))]
    assert [entry["name"] for entry in manifest["outputs"]] == ["denoised", "restored"]
    with np.load(exported.folder / manifest["weights"]) as arrays:
        assert {name: [str(array.dtype), list(array.shape)] for name, array in arrays.items()} == {
            entry["name"]: [entry["dtype"], entry["shape"]] for entry in others}
    assert manifest["operations"] > 50.4e9 * 2 * 24 * 40 / 256**2  # the inpainter's convolutions, and the denoiser's
    assert manifest["networks"]["inpainter"]["name"] == "deepfill_v2_spline"
    assert "`image` uint8 (2, 24, 40, 3)" in (exported.folder / "README.md").read_text()


def test_the_example_is_short(exported):
    assert len((exported.folder / "run_with_jax.py").read_text().splitlines()) <= 30
