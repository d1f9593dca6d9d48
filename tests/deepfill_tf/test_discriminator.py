import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf import build_discriminator
from deepfill_tf.layers.spectral_conv import power_iteration
from tests.parity.discriminators import CONVOLUTIONS, official_discriminator
from tests.parity.generators import golden, network_inputs, to_rgb

# What the README of the golden numbers suggests; ours are within 6e-7.
TOLERANCE = 1e-5
# Of a gradient's length; ours are within 2e-6. A detached sigma is off by 6 % in conv1, by 0.1 to 0.6 % elsewhere.
GRADIENT = 1e-4


@pytest.fixture
def inputs():
    image, mask = network_inputs(golden("disc_64x72"))
    return [image, np.repeat(mask, 2, axis=0)]


def sigmas(discriminator):
    """What the next call divides each kernel by."""
    layers = [discriminator.get_layer(name) for name in CONVOLUTIONS]
    return [power_iteration(tf.reshape(layer.kernel, [-1, layer.filters]), tf.convert_to_tensor(layer.u))[0].numpy()
            .item() for layer in layers]


@pytest.mark.parametrize("spectral_norm", ["power-iteration", "addons"])
@pytest.mark.parametrize("guided, parameters", [(False, 5946816), (True, 5946816 + 1600)])
def test_size_of_the_network(guided, parameters, spectral_norm):
    discriminator = build_discriminator(guided=guided, spectral_norm=spectral_norm)
    assert sum(int(tf.size(weight)) for weight in discriminator.trainable_weights) == parameters
    assert sum(int(tf.size(weight)) for weight in discriminator.non_trainable_weights) == 1216
    assert [layer.name for layer in discriminator.layers if layer.weights] == list(CONVOLUTIONS)


@pytest.mark.parametrize("compiled", [False, True])
def test_three_runs_equal_the_official_ones(inputs, compiled):
    arrays, discriminator = golden("disc_64x72"), official_discriminator()

    @tf.function(jit_compile=compiled)
    def run():
        with tf.GradientTape() as tape:
            logits = discriminator(inputs, training=True)
            loss = tf.reduce_mean(logits ** 2)
        return logits, tape.gradient(loss, discriminator.trainable_variables)

    for index in range(3):
        np.testing.assert_allclose(sigmas(discriminator), arrays[f"sigma_run{index}"], rtol=TOLERANCE)
        logits, gradients = run()
        found = logits.numpy() if index == 0 else logits.numpy()[:, ::8]
        np.testing.assert_allclose(found, arrays[f"y_run{index}"], atol=TOLERANCE)
        for name in CONVOLUTIONS:
            np.testing.assert_allclose(discriminator.get_layer(name).u, arrays[f"u_after{index + 1}|{name}"],
                                       atol=TOLERANCE, err_msg=name)
        if index == 0:
            assert_official_gradients(arrays, discriminator, gradients)


def assert_official_gradients(arrays, discriminator, gradients):
    names = [(layer, kind) for layer in CONVOLUTIONS for kind in ("kernel", "bias")]
    assert len(gradients) == len(names) == len(discriminator.trainable_variables)
    for (layer, kind), gradient in zip(names, gradients):
        # In float64: some processors' norm of a million float32 numbers is off by 1e-4.
        found, expected = to_rgb(layer, kind, gradient.numpy().astype(np.float64)), arrays[f"grad|{layer}|{kind}"]
        assert np.linalg.norm(found) == pytest.approx(arrays[f"gradnorm|{layer}|{kind}"], rel=GRADIENT), (layer, kind)
        if kind == "kernel" and found.shape != expected.shape:
            found = found[:, :, ::16, ::16]
        assert np.linalg.norm(found - expected) < GRADIENT * np.linalg.norm(expected), (layer, kind)


def test_logits_follow_rows_then_columns_then_features(inputs):
    discriminator = official_discriminator()
    before_flattening = tf.keras.Model(discriminator.inputs, discriminator.get_layer("logits").input)
    maps, logits = before_flattening(inputs).numpy(), discriminator(inputs).numpy()
    assert maps.shape == (2, 1, 2, 256)  # 64 x 72 pixels
    np.testing.assert_array_equal(logits[:, 256:], maps[:, 0, 1])


def test_unknown_sizes_and_saving_without_custom_objects(inputs, tmp_path):
    discriminator = official_discriminator()
    expected = discriminator(inputs)
    traced = tf.function(discriminator, input_signature=[[tf.TensorSpec([None, None, None, 3]),
                                                          tf.TensorSpec([None, None, None, 1])]])
    np.testing.assert_allclose(traced(inputs), expected, atol=TOLERANCE)
    discriminator.save(tmp_path / "discriminator.keras")
    loaded = tf.keras.models.load_model(tmp_path / "discriminator.keras")
    np.testing.assert_allclose(loaded(inputs), expected, atol=TOLERANCE)


@pytest.mark.parametrize("spectral_norm", ["power-iteration", "addons"])
def test_mixed_precision_gives_float32_logits_and_keeps_all_bits_of_the_kernels(inputs, spectral_norm):
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        discriminator = build_discriminator(spectral_norm=spectral_norm)
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert discriminator(inputs, training=True).dtype == tf.float32
    kernel = discriminator.get_layer("conv2").weights[0]
    assert np.abs(kernel - tf.cast(tf.cast(kernel, tf.bfloat16), tf.float32)).max() > 0


def test_where_the_addons_wrapper_differs(inputs):
    ours, wrapped = official_discriminator(), build_discriminator(spectral_norm="addons")
    for name in CONVOLUTIONS:
        wrapped.get_layer(name).set_weights(ours.get_layer(name).get_weights())
    before = ours.get_layer("conv2").kernel.numpy()
    sigma = sigmas(ours)[1]

    def radial_share(discriminator):
        """How much of conv2's gradient lies along its kernel."""
        kernel = discriminator.get_layer("conv2").trainable_weights[0]
        with tf.GradientTape() as tape:
            logits = discriminator(inputs, training=True)
            loss = tf.reduce_mean(logits ** 2)
        gradient = tape.gradient(loss, kernel)
        return logits, abs(float(tf.reduce_sum(gradient * kernel) / (tf.norm(gradient) * tf.norm(kernel))))

    # The same values in training ...
    (our_logits, our_share), (wrapped_logits, wrapped_share) = radial_share(ours), radial_share(wrapped)
    np.testing.assert_allclose(wrapped_logits, our_logits, atol=TOLERANCE)
    # ... but the wrapper has overwritten its kernel by the quotient,
    np.testing.assert_array_equal(ours.get_layer("conv2").kernel, before)
    np.testing.assert_allclose(wrapped.get_layer("conv2").layer.kernel, before / sigma, atol=TOLERANCE)
    # its gradient knows nothing of sigma,
    assert our_share < 1e-3 < 1e-2 < wrapped_share
    # and outside of training it normalises nothing.
    for discriminator, scales in ((ours, False), (wrapped, True)):
        expected = discriminator(inputs).numpy()
        kernel = discriminator.get_layer("conv6").weights[0]
        kernel.assign(2 * kernel)
        assert (np.abs(discriminator(inputs) - expected).max() > 0.01) == scales


def test_unknown_normalisation_is_named():
    with pytest.raises(ValueError, match="spectral_norm.*batch"):
        build_discriminator(spectral_norm="batch")
