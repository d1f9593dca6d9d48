"""The SavedModel as a program without this project sees it."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import urllib.request
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from pipelines.damage import DamageDetector, DamageSettings, learned
from pipelines.damage.kinds import LEARNED
from pipelines.exporting.card import example
from pipelines.exporting.served_detector import GROWTH
from pipelines.exporting.serving_note import answered, encoded
from pipelines.images import Picture
from pipelines.restoration import Restorer
from pipelines.synthetic_damage import render_damage
from tests.pipelines.exporting.networks import noise, with_hole

SIZES = [(1, 1), (13, 21), (40, 52), (64, 72)]
SIGNATURES = {
    "serving_default": ({"image", "mask"}, {"denoised", "restored"}),
    "restore_encoded": ({"image_bytes", "mask_bytes"}, {"denoised_bytes", "restored_bytes"}),
    "denoise": ({"image"}, {"denoised"}),
    "inpaint": ({"image", "mask"}, {"restored"}),
    "detect": ({"image"}, {"mask", "probabilities"}),
}
# A Python that has TensorFlow and nothing of this project.
ELSEWHERE = """
import sys
for name in ("deepfill_tf", "denoise", "pipelines", "weights", "n2v", "csbdeep", "tensorflow_addons"):
    sys.modules[name] = None
import numpy as np
import tensorflow as tf
from tensorflow.python.tools import saved_model_cli

model, work = sys.argv[1:]
signatures = tf.saved_model.load(model).signatures
results = {}
with np.load(f"{work}/inputs.npz") as inputs:
    for name in {key.rpartition(":")[0] for key in inputs}:
        image, mask = (tf.constant(inputs[f"{name}:{kind}"]) for kind in ("image", "mask"))
        results[f"{name}:both"] = signatures["serving_default"](image=image, mask=mask)
        results[f"{name}:inpaint"] = signatures["inpaint"](image=image, mask=mask)
        results[f"{name}:denoise"] = signatures["denoise"](image=image)
        results[f"{name}:detect"] = signatures["detect"](image=image)
np.savez(f"{work}/results.npz", **{f"{key}:{output}": value for key, outputs in results.items()
                                   for output, value in outputs.items()})
for arguments in (["show", "--dir", model, "--all"], [
        "run", "--dir", model, "--tag_set", "serve", "--signature_def", "serving_default", "--outdir", work,
        "--inputs", f"image={work}/inputs.npz[13x21:image];mask={work}/inputs.npz[13x21:mask]"]):
    sys.argv = ["saved_model_cli", *arguments]
    try:
        saved_model_cli.main()
    except SystemExit as end:
        assert not end.code, arguments
"""


@pytest.fixture(scope="module")
def inputs():
    """Pictures and masks by size."""
    return {f"{height}x{width}": (noise(1, height, width, 3), with_hole(height, width, (3, 9), (5, 18))[np.newaxis])
            for height, width in SIZES}


@pytest.fixture(scope="module")
def loaded(saved_model):
    return tf.saved_model.load(str(saved_model))


@pytest.fixture(scope="module")
def elsewhere(saved_model, inputs, tmp_path_factory):
    """What a fresh interpreter makes of the inputs, and what it prints."""
    work = tmp_path_factory.mktemp("elsewhere")
    np.savez(work / "inputs.npz", **{f"{name}:{kind}": array for name, pair in inputs.items()
                                     for kind, array in zip(("image", "mask"), pair)})
    finished = subprocess.run([sys.executable, "-c", ELSEWHERE, str(saved_model), str(work)], cwd=work,
                              capture_output=True, text=True, check=True)
    with np.load(work / "results.npz") as results:
        return SimpleNamespace(results=dict(results), printed=finished.stdout, work=work)


def test_a_fresh_interpreter_gets_what_the_pipeline_gives_byte_for_byte(denoiser_folder, inputs, elsewhere):
    chain, inpainting = (Restorer(denoiser=denoiser, inpainter="deepfill_v2_spline")
                         for denoiser in (denoiser_folder, "none"))
    for name, (image, mask) in inputs.items():
        whole = chain.restore(Picture(image[0]), mask[0, ..., 0] > 0)
        results = {key.partition(":")[2]: value[0] for key, value in elsewhere.results.items()
                   if key.startswith(f"{name}:")}
        np.testing.assert_array_equal(results["both:restored"], whole.image, err_msg=name)
        np.testing.assert_array_equal(results["both:denoised"], whole.denoised, err_msg=name)
        inpainted = inpainting.restore(Picture(image[0]), mask[0, ..., 0] > 0).image
        np.testing.assert_array_equal(results["inpaint:restored"], inpainted, err_msg=name)
        known = mask[0, ..., 0] == 0
        np.testing.assert_array_equal(results["inpaint:restored"][known], image[0][known], err_msg=name)
        denoised = chain.restore(Picture(image[0]), np.zeros_like(known)).image
        np.testing.assert_array_equal(results["denoise:denoised"], denoised, err_msg=name)
    assert (results["both:restored"] != results["both:denoised"]).any()


def test_it_finds_the_damage_that_the_pipeline_finds_at_one_look(loaded, saved_model, monkeypatch):
    monkeypatch.setattr(learned, "FROM_ALL_SIDES", 0)
    picture, _ = example()
    damaged = render_damage(picture.copy(), 3, ["scratches", "dead-pixels"]).image
    damaged[40:44] = 255  # a line that no detector misses
    outputs = loaded.signatures["detect"](image=tf.constant(damaged[np.newaxis]))
    found = DamageDetector(DamageSettings(LEARNED, grow=GROWTH)).find(Picture(damaged))
    assert found.mask.any() and not found.mask.all() and found.pixels["dead-pixels"]
    np.testing.assert_array_equal(outputs["mask"][0, ..., 0], np.uint8(found.mask) * 255)
    np.testing.assert_allclose(outputs["probabilities"][0].numpy().sum(axis=-1), found.likelihood, atol=1e-5)
    assert "damage_unet_small" in (saved_model / "assets/README.md").read_text()


def test_saved_model_cli_shows_and_runs_it(elsewhere):
    for name, (inputs, outputs) in SIGNATURES.items():
        part = elsewhere.printed.partition(f"signature_def['{name}']")[2].partition("Method name")[0]
        assert all(f"inputs['{tensor}']" in part for tensor in inputs), name
        assert all(f"outputs['{tensor}']" in part for tensor in outputs), name
    for output in SIGNATURES["serving_default"][1]:
        np.testing.assert_array_equal(np.load(elsewhere.work / f"{output}.npy"),
                                      elsewhere.results[f"13x21:both:{output}"])


def test_signatures_take_any_number_and_size(loaded):
    assert set(loaded.signatures) == set(SIGNATURES)
    specs = loaded.signatures["serving_default"].structured_input_signature[1]
    assert {name: (spec.dtype, spec.shape.as_list()) for name, spec in specs.items()} == {
        "image": (tf.uint8, [None, None, None, 3]), "mask": (tf.uint8, [None, None, None, 1])}
    for name, (inputs, outputs) in SIGNATURES.items():
        assert set(loaded.signatures[name].structured_input_signature[1]) == inputs
        assert set(loaded.signatures[name].structured_outputs) == outputs


def test_each_picture_of_a_batch_has_its_own_mask(loaded):
    image = noise(3, 24, 40, 3)
    mask = np.stack([with_hole(24, 40, (4, 8), (3, 30)), with_hole(24, 40, (10, 20), (30, 34)),
                     np.zeros((24, 40, 1), np.uint8)])
    restore = loaded.signatures["serving_default"]
    together = restore(image=tf.constant(image), mask=tf.constant(mask))
    for index in range(3):
        alone = restore(image=tf.constant(image[index:index + 1]), mask=tf.constant(mask[index:index + 1]))
        for name in together:
            np.testing.assert_array_equal(together[name][index], alone[name][0])
    differs = (together["restored"] != together["denoised"]).numpy().any(axis=-1)
    assert not differs[mask[..., 0] == 0].any() and differs[0].any() and differs[1].any()


@pytest.mark.parametrize("image, mask", [
    ((1, 8, 8, 3), (1, 8, 9, 1)), ((2, 8, 8, 3), (1, 8, 8, 1)), ((1, 8, 8, 3), (1, 1, 1, 1)),
    ((1, 8, 8, 1), (1, 8, 8, 1)), ((8, 8, 3), (8, 8, 1)), ((1, 0, 0, 3), (1, 8, 8, 1)),
])
def test_wrong_shapes_are_the_frameworks_errors(image, mask, loaded):
    with pytest.raises((ValueError, TypeError, tf.errors.InvalidArgumentError)):
        loaded.signatures["serving_default"](image=tf.zeros(image, tf.uint8), mask=tf.zeros(mask, tf.uint8))


def test_files_in_and_out(loaded):
    pictures = [noise(20, 30, 3), noise(17, 9, 3, seed=2)]
    mask = with_hole(20, 30, (5, 9), (2, 25))
    png, second = (tf.io.encode_png(picture) for picture in pictures)
    files = tf.stack([png, tf.io.encode_jpeg(pictures[1], quality=100), second])
    masks = tf.stack([tf.io.encode_png(mask), tf.constant(b""), tf.constant(b"")])
    outputs = loaded.signatures["restore_encoded"](image_bytes=files, mask_bytes=masks)
    restored = [tf.io.decode_png(contents).numpy() for contents in outputs["restored_bytes"]]
    expected = loaded.signatures["serving_default"](image=tf.constant(pictures[0][np.newaxis]),
                                                    mask=tf.constant(mask[np.newaxis]))
    np.testing.assert_array_equal(restored[0], expected["restored"][0])
    np.testing.assert_array_equal(tf.io.decode_png(outputs["denoised_bytes"][0]), expected["denoised"][0])
    for contents, result in zip(files[1:], restored[1:]):
        pixels = tf.io.decode_image(contents, dtype=tf.uint8)
        assert result.shape == pixels.shape
    np.testing.assert_array_equal(restored[2], loaded.signatures["denoise"](
        image=tf.constant(pictures[1][np.newaxis]))["denoised"][0])


def test_one_mask_serves_several_files(loaded):
    files = tf.stack([tf.io.encode_png(noise(12, 16, 3, seed=seed)) for seed in (3, 4)])
    mask = tf.io.encode_png(with_hole(12, 16, (4, 6), (2, 12)))
    once = loaded.signatures["restore_encoded"](image_bytes=files, mask_bytes=mask[tf.newaxis])
    each = loaded.signatures["restore_encoded"](image_bytes=files, mask_bytes=tf.stack([mask, mask]))
    assert once["restored_bytes"].numpy().tolist() == each["restored_bytes"].numpy().tolist()


def test_a_file_of_another_size_than_its_mask_is_refused(loaded):
    with pytest.raises(tf.errors.InvalidArgumentError, match="image and mask should be"):
        loaded.signatures["restore_encoded"](image_bytes=tf.io.encode_png(noise(12, 16, 3))[tf.newaxis],
                                             mask_bytes=tf.io.encode_png(noise(12, 15, 1))[tf.newaxis])


def test_nothing_but_tensorflows_own_operations(saved_model):
    model = saved_model_pb2.SavedModel.FromString((saved_model / "saved_model.pb").read_bytes())
    (graph,) = (meta.graph_def for meta in model.meta_graphs)
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    functions = {function.signature.name for function in graph.library.function}
    kinds = {node.op for node in nodes} - functions
    assert {"Conv2D", "DecodePng"} <= kinds
    assert not [kind for kind in kinds if "Py" in kind or not hasattr(tf.raw_ops, kind)]
    assert not (saved_model / "keras_metadata.pb").exists()
    assert len(graph.library.gradient) == 0


def test_card_licence_facts_and_example_come_along(saved_model, loaded):
    assets = saved_model / "assets"
    told = json.loads((assets / "config.json").read_text())
    assert told["networks"]["denoiser"]["name"] == "tiny" and told["networks"]["denoiser"]["licence"] == "not stated"
    inpainter = told["networks"]["inpainter"]
    assert inpainter["name"] == "deepfill_v2_spline" and inpainter["licence"] == "Apache-2.0"
    assert told["signatures"]["serving_default"]["inputs"] == {"image": "uint8 (B, H, W, 3)",
                                                               "mask": "uint8 (B, H, W, 1)"}
    card = (assets / "README.md").read_text()
    assert all(f"`{name}`" in card for name in SIGNATURES) and inpainter["source"] in card
    assert "Apache License" in (assets / "LICENSE").read_text()
    assert (assets / "deepfill_v2_spline.md").read_text().startswith("# deepfill_v2_spline")
    image, mask, expected = (tf.io.decode_png((assets / f"example_{name}.png").read_bytes())[tf.newaxis]
                             for name in ("image", "mask", "restored"))
    np.testing.assert_array_equal(loaded.signatures["serving_default"](image=image, mask=mask)["restored"], expected)


def test_the_request_of_the_serving_note_is_answered(saved_model, loaded):
    request = json.loads((saved_model / "request.json").read_text())
    answer = answered(request, loaded.signatures)
    restored = base64.b64decode(answer["restored_bytes"][0]["b64"])
    assert restored == (saved_model / "assets" / "example_restored.png").read_bytes()
    note = (saved_model / "serving.md").read_text()
    assert f"/{saved_model.name}:/models/" in note and "tensorflow/serving:2.15.1" in note
    with pytest.raises(ValueError, match="takes"):
        answered({"signature_name": "denoise", "inputs": {"picture": [encoded(b"")]}}, loaded.signatures)


def test_the_client_of_the_serving_note_works(saved_model, tmp_path, monkeypatch, loaded):
    """Its Python, against a server that answers as TensorFlow Serving does."""
    note = (saved_model / "serving.md").read_text()
    code = "\n".join(line[4:] for line in note.splitlines() if line.startswith("    "))
    client = code[code.index("import base64"):]
    for name, file in (("image", "photo.png"), ("mask", "mask.png")):
        (tmp_path / file).write_bytes((saved_model / "assets" / f"example_{name}.png").read_bytes())

    def urlopen(url, data):
        assert url.endswith("/v1/models/restore:predict")
        return io.BytesIO(json.dumps({"outputs": answered(json.loads(data), loaded.signatures)}).encode())

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    monkeypatch.chdir(tmp_path)
    exec(compile(client, "client", "exec"), {})
    assert (tmp_path / "restored.png").read_bytes() == (saved_model / "assets/example_restored.png").read_bytes()
