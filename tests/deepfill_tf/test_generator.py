import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf import build_generator
from deepfill_tf.generator import hole_fill_of
from deepfill_tf.layers.contextual_attention import ContextualAttention
from deepfill_tf.layers.gated_conv import GatedConv2D, ImageConv2D
from deepfill_tf.layers.tension_fill import TensionFill
from tests.parity.generators import golden, network_inputs, official_generator, to_rgb

# Twice to ten times what the official graph differs from itself, with and without its fast kernels.
SEED_A, SEED_B = 3e-4, 1e-5


@pytest.mark.parametrize("guided, parameters", [(False, 4052478), (True, 4053678)])
def test_size_of_the_network(guided, parameters):
    generator = build_generator(guided=guided)
    assert generator.count_params() == parameters
    assert len(generator.weights) == len(generator.trainable_weights) == 84


def test_wiring_the_network_computes_nothing_that_takes_long(monkeypatch):
    def called(self, *inputs):
        raise AssertionError(f"{self.name} was traced")

    for layer in (GatedConv2D, ImageConv2D, ContextualAttention, TensionFill):
        monkeypatch.setattr(layer, "call", called)
    coarse, refined = build_generator(hole_fill="tension-spline").outputs
    assert coarse.shape.as_list() == refined.shape.as_list() == [None, None, None, 3]


@pytest.mark.parametrize("case, seed, tolerance", [
    ("gen_seedA_256", "seedA", SEED_A), ("gen_seedA_tiny_64x72", "seedA", SEED_A),
    ("gen_seedB_tiny_64x72", "seedB", SEED_B)])
def test_both_stages_equal_the_official_ones(case, seed, tolerance):
    arrays = golden(case)
    coarse, refined = official_generator(seed)(list(network_inputs(arrays)))
    np.testing.assert_allclose(coarse.numpy()[..., ::-1], arrays["x_stage1"], atol=tolerance)
    np.testing.assert_allclose(refined.numpy()[..., ::-1], arrays["x_stage2"], atol=tolerance)


def test_guided_network_equals_the_official_one():
    arrays = golden("gen_guided_64")
    edges = (arrays["edge"][..., np.newaxis] / 255 > 0.6).astype(np.float32)
    coarse, refined = official_generator("guided")([*network_inputs(arrays), edges])
    np.testing.assert_allclose(coarse.numpy()[..., ::-1], arrays["x_stage1"], atol=SEED_B)
    np.testing.assert_allclose(refined.numpy()[..., ::-1], arrays["x_stage2"], atol=SEED_B)


def test_symmetric_padding_equals_the_official_one():
    arrays = golden("gen_seedB_symmetric_64")
    coarse, refined = official_generator("seedB", padding="symmetric")(list(network_inputs(arrays)))
    np.testing.assert_allclose(coarse.numpy()[..., ::-1], arrays["x_stage1"], atol=SEED_B)
    np.testing.assert_allclose(refined.numpy()[..., ::-1], arrays["x_stage2"], atol=SEED_B)


@pytest.mark.parametrize("case, seed, tolerance", [
    ("gen_seedA_tiny_64x72", "seedA", SEED_A), ("gen_seedB_tiny_64x72", "seedB", SEED_B)])
def test_every_layer_equals_the_official_one_before_its_activation(case, seed, tolerance):
    arrays, generator = golden(case), official_generator(seed)
    recorded = {key.split("|")[-2].replace("layer:", ""): key for key in arrays if key.startswith("layer:")}
    assert len(recorded) == 42
    inputs = {name: generator.get_layer(name).input for name in recorded}
    values = tf.keras.Model(generator.inputs, inputs)(list(network_inputs(arrays)))
    for name, key in recorded.items():
        found = to_rgb(name, "output", generator.get_layer(name).conv(values[name]).numpy())
        scale = max(1.0, np.abs(arrays[key]).max())  # pre-activations reach beyond the [-1, 1] of the tolerances
        np.testing.assert_allclose(found[:, ::2, ::2, ::4], arrays[key], atol=tolerance * scale, err_msg=name)


def test_one_mask_for_all_equals_the_same_mask_for_each():
    arrays, generator = golden("gen_seedB_tiny_64x72"), official_generator("seedB")
    image, mask = network_inputs(arrays)
    _, refined = generator([np.repeat(image, 2, axis=0), np.repeat(mask, 2, axis=0)])
    np.testing.assert_allclose(refined[0][..., ::-1], arrays["x_stage2"][0], atol=SEED_B)
    np.testing.assert_allclose(refined[0], refined[1], atol=SEED_B)


def test_what_lies_under_the_hole_does_not_matter():
    generator = official_generator("seedB")
    image, mask = network_inputs(golden("gen_seedB_tiny_64x72"))
    _, expected = generator([image, mask])
    _, found = generator([np.where(mask > 0, 0.7, image).astype(np.float32), mask])
    np.testing.assert_array_equal(found, expected)


def test_unknown_sizes_and_saving_without_custom_objects(tmp_path):
    generator = official_generator("seedB")
    image, mask = network_inputs(golden("gen_seedB_tiny_64x72"))
    traced = tf.function(generator, input_signature=[[tf.TensorSpec([None, None, None, 3]),
                                                      tf.TensorSpec([None, None, None, 1])]])
    _, expected = generator([image, mask])
    np.testing.assert_allclose(traced([image, mask])[1], expected, atol=SEED_B)
    generator.save(tmp_path / "generator.keras")
    loaded = tf.keras.models.load_model(tmp_path / "generator.keras")
    np.testing.assert_allclose(loaded([image, mask])[1], expected, atol=SEED_B)


def test_mixed_precision_stays_close():
    image, mask = network_inputs(golden("gen_seedB_tiny_64x72"))
    _, expected = official_generator("seedB")([image, mask])
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        _, found = official_generator("seedB")([image, mask])
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert found.dtype == tf.float32
    assert np.abs(found - expected).mean() < 0.05  # eight bits through forty layers


def test_unknown_options_are_named():
    with pytest.raises(ValueError, match="padding.*reflect"):
        build_generator(padding="reflect")
    with pytest.raises(ValueError, match="initialization.*zero"):
        build_generator(initialization="zero")
    with pytest.raises(ValueError, match="hole_fill.*ones"):
        build_generator(hole_fill="ones")


def test_from_a_smooth_fill_each_stage_paints_what_is_to_be_added():
    image, mask = network_inputs(golden("gen_seedB_tiny_64x72"))
    generator = build_generator(hole_fill="tension-spline", initialization="looks-linear")
    assert generator.count_params() == 4052478 and hole_fill_of(generator) == "tension-spline"
    layers = [generator.get_layer(name).output for name in ("conv17", "coarse_pasted", "allconv17")]
    painted, pasted, repainted = tf.keras.Model(generator.inputs, layers)([image, mask])
    coarse, refined = generator([image, mask])
    fill = TensionFill()(image, mask)
    assert 0.001 < np.abs(painted).mean() < 0.2, "an untrained network changes the fill a little"
    np.testing.assert_allclose(coarse, np.clip(fill + painted, -1, 1), atol=1e-6)
    np.testing.assert_allclose(pasted, np.where(mask > 0, coarse, image), atol=1e-6)
    np.testing.assert_allclose(refined, np.clip(pasted + repainted, -1, 1), atol=1e-6)
    np.testing.assert_array_equal(generator([np.where(mask > 0, 0.7, image).astype(np.float32), mask])[1], refined)
