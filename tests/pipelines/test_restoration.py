import dataclasses
import itertools
import json

import numpy as np
import pytest

from denoise import Denoiser, DenoiserConfig
from pipelines import batches, networks, plan, restore_image
from pipelines.errors import InputError
from pipelines.images import Picture
from pipelines.restoration import Restorer
from tests.denoisers import TINY
from tests.parity.generators import official_generator
from weights import save_generator


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "random.h5"
    save_generator(official_generator("seedB"), path)
    return path


@pytest.fixture(scope="module")
def restorer(weights_file):
    """Fills holes alone; shared, since tracing takes seconds."""
    return Restorer(denoiser="none", inpainter=weights_file)


@pytest.fixture(scope="module")
def denoiser():
    return Denoiser.train([np.random.default_rng(0).integers(0, 256, (40, 52, 3)).astype(np.uint8)], axes="YXC",
                          config=TINY)


def example(dtype, channels, shape=(37, 45)):
    random = np.random.default_rng(1)
    image = random.random((*shape, channels) if channels > 1 else shape) * {"float32": 1}.get(dtype, 1)
    if dtype != "float32":
        image = image * np.iinfo(dtype).max
    mask = np.zeros(shape, bool)
    mask[10:13, 4:30] = True
    return image.astype(dtype), mask


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
def test_without_denoiser_known_pixels_are_identical(dtype, channels, restorer):
    image, mask = example(dtype, channels)
    before = image.copy()
    result = restorer.restore(Picture(image), mask)
    assert result.image.dtype == image.dtype and result.image.shape == image.shape
    np.testing.assert_array_equal(result.image[~mask], image[~mask])
    np.testing.assert_array_equal(result.denoised, image)
    assert (result.image[mask] != image[mask]).mean() > 0.9
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(result.mask, mask)


def test_given_denoiser_and_report(denoiser, weights_file):
    image, mask = example("uint8", 3)
    result = restore_image(image, mask, denoiser=denoiser, inpainter=weights_file)
    expected = np.clip(np.rint(denoiser.predict(image, damage=mask)), 0, 255)
    assert np.abs(result.denoised.astype(int) - expected).max() <= 1
    np.testing.assert_array_equal(result.image[~mask], result.denoised[~mask])
    report = json.loads(json.dumps(result.report))
    assert report["hole_ratio"] == pytest.approx(mask.mean())
    assert report["noise_sigma_before"] > report["noise_sigma_after"]
    assert set(report["seconds"]) == {"denoiser", "restoration"}
    assert report["peak_memory_megabytes"] > 50


def test_the_callers_random_numbers_and_precision_are_left_alone(weights_file):
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    try:
        np.random.seed(5)
        expected = np.random.random(2)
        np.random.seed(5)
        first = np.random.random()
        restore_image(example("uint8", 3)[0], denoiser="none", inpainter=weights_file)
        assert [first, np.random.random()] == expected.tolist()
        assert tf.config.optimizer.get_experimental_options()["auto_mixed_precision_onednn_bfloat16"]
    finally:
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": False})


def test_a_training_that_ran_out_of_time_is_told():
    image, mask = example("uint8", 3, shape=(64, 64))
    result = restore_image(image, mask, denoiser="self", inpainter="telea", denoise_seconds=0.01)
    assert "time was up" in result.report["warnings"][-1]


def test_the_report_names_the_shipped_weights():
    image, _ = example("uint8", 3, shape=(32, 40))
    thin, wide = np.zeros((2, 32, 40), bool)
    thin[:, 20:24], wide[4:28, 10:34] = True, True
    restorer = Restorer(denoiser="none")
    assert restorer.restore(Picture(image), thin).report["inpainter"] == "deepfill_v2_spline_psnr"
    assert restorer.restore(Picture(image), wide).report["inpainter"] == "deepfill_v2_spline"
    assert restorer.restore(Picture(image), thin | wide).report["inpainter"] == "deepfill_v2_spline"


@pytest.mark.parametrize("tiled", [False, True])
def test_nothing_rounds_what_the_inpainter_sees(tiled, denoiser, weights_file, monkeypatch):
    seen = []
    fill = networks.Networks.fill
    monkeypatch.setattr(networks.Networks, "fill", lambda self, frames, *rest: seen.append(frames)
                        or fill(self, frames, *rest))
    if tiled:
        monkeypatch.setattr(plan, "WHOLE_PIXELS", 1000)
    image, mask = example("uint8", 3)
    result = Restorer(denoiser=denoiser, inpainter=weights_file).restore(Picture(image), mask)
    assert seen[0].dtype == np.float32 and (seen[0] != np.rint(seen[0])).any()
    np.testing.assert_array_equal(np.rint(seen[0][0]), result.denoised)


def test_small_frames_go_through_the_network_together(restorer, monkeypatch):
    image, mask = example("uint8", 3)
    stack, counts = np.stack([image, image[::-1], image]), []
    fill = networks.Networks.fill
    monkeypatch.setattr(networks.Networks, "fill", lambda self, frames, *rest: counts.append(len(frames))
                        or fill(self, frames, *rest))
    monkeypatch.setattr(batches, "BATCH_PIXELS", 2 * mask.size)
    together = restorer.restore(Picture(stack, is_stack=True), mask).image
    assert counts == [2, 1]
    assert np.abs(together[0].astype(int) - together[2]).max() <= 1
    assert np.abs(together[0].astype(int) - together[1]).max() > 1


def test_pictures_of_one_size_are_filled_together_each_with_its_own_holes(restorer, monkeypatch):
    calls, (image, mask), (other, _) = [], example("uint8", 3), example("uint8", 3, shape=(30, 50))
    fill = networks.Networks.fill
    monkeypatch.setattr(networks.Networks, "fill", lambda self, frames, *rest: calls.append(frames.shape)
                        or fill(self, frames, *rest))
    sixteen_bit = (image.astype(np.uint16) * 257)[::-1]
    cases = [(image, mask), (image[::-1], mask[::-1]), (image, np.zeros_like(mask)), (sixteen_bit, mask),
             (image[..., 0], mask), (other, other[..., 0] > 240), (image, mask[:, ::-1])]
    prepared = [restorer.prepare(Picture(np.ascontiguousarray(pixels)), hole) for pixels, hole in cases]
    together = restorer.finish(prepared)
    assert calls == [(2, *mask.shape, 3), (1, *mask.shape, 3), (1, *mask.shape, 1), (1, 30, 50, 3), (1, *mask.shape, 3)]
    for (pixels, hole), result in zip(cases, together):
        alone = restorer.restore(Picture(np.ascontiguousarray(pixels)), hole)
        assert result.image.dtype == pixels.dtype
        np.testing.assert_array_equal(result.image[~hole], pixels[~hole])
        assert np.abs(result.image.astype(int) - alone.image).max() <= (1 if pixels.dtype == np.uint8 else 2)
        assert {**result.report, "seconds": 0, "peak_memory_megabytes": 0} == \
            {**alone.report, "seconds": 0, "peak_memory_megabytes": 0}


def test_results_are_no_views_of_the_input_or_of_one_another(restorer):
    image, mask = example("uint8", 3)
    for hole in (mask, np.zeros_like(mask)):
        result = restorer.restore(Picture(image), hole)
        assert not any(np.shares_memory(*pair) for pair in itertools.combinations(
            (image, result.denoised, result.image), 2))


def test_one_graph_denoises_all_pictures_each_in_its_own_units(restorer, monkeypatch):
    general = Denoiser.train([example("uint8", 3)[0]], axes="YXC", config=dataclasses.replace(
        TINY, own_statistics=True))
    image, mask = example("uint8", 3)
    cases = [image, image // 3 + 90, image[:20], image.astype(np.uint16) * 200]
    both = Restorer(denoiser=general, inpainter="telea")
    together = both.finish([both.prepare(Picture(np.ascontiguousarray(case)), mask[:len(case)]) for case in cases])
    traced = []
    monkeypatch.setattr(Denoiser, "tensor_function", lambda *_: traced.append(1))
    for case, result in zip(cases, together):
        expected = general.predict(case, damage=mask[:len(case)])
        assert np.abs(result.denoised - expected.clip(0, Picture(np.ascontiguousarray(case)).value_range[1])).max() <= 1
        both.restore(Picture(np.ascontiguousarray(case)), mask[:len(case)])
    assert not traced


def test_no_mask_means_nothing_to_fill():
    image, _ = example("uint8", 3)
    result = restore_image(image, denoiser="none", inpainter="telea")
    np.testing.assert_array_equal(result.image, image)
    assert not result.mask.any()


def test_auto_leaves_a_clean_picture_alone():
    rows, columns = np.mgrid[:64, :64]
    image = np.uint8(100 + rows + columns / 2)
    result = restore_image(image, denoiser="auto", inpainter="telea")
    np.testing.assert_array_equal(result.image, image)
    assert result.report["denoiser"] == "none" and "below" in result.report["denoiser_reason"]


def test_self_trains_on_the_picture_and_one_seed_gives_one_result(monkeypatch):
    monkeypatch.setattr(DenoiserConfig, "for_image", lambda *_: TINY)
    image, mask = example("uint8", 3)
    results = [restore_image(image, mask, denoiser="self", inpainter="telea", seed=seed) for seed in (1, 1, 2)]
    assert results[0].report["denoiser"] == "self"
    np.testing.assert_array_equal(results[0].image, results[1].image)
    assert (results[0].image != results[2].image).any()


def test_a_large_picture_is_denoised_in_tiles(weights_file, monkeypatch, denoiser, restorer):
    image, mask = example("uint8", 3, shape=(96, 96))
    both = Restorer(denoiser=denoiser, inpainter=weights_file)
    whole = both.restore(Picture(image), mask)
    monkeypatch.setattr(plan, "WHOLE_PIXELS", 1000)
    parts = both.restore(Picture(image), mask)
    assert np.abs(parts.denoised.astype(int) - whole.denoised).max() <= 1
    np.testing.assert_array_equal(parts.image[~mask], parts.denoised[~mask])
    filled = restorer.restore(Picture(parts.denoised), mask).image
    assert np.abs(parts.image.astype(int) - filled).max() <= 1  # of rounded pixels, unlike in one go


def test_stack_of_frames(restorer):
    image, mask = example("uint16", 3)
    stack = np.stack([image, image[::-1]])
    result = restorer.restore(Picture(stack, is_stack=True), mask)
    assert result.image.shape == stack.shape
    np.testing.assert_array_equal(result.image[:, ~mask], stack[:, ~mask])
    np.testing.assert_array_equal(result.image[0], restorer.restore(Picture(image), mask).image)


@pytest.mark.parametrize("name", ["telea", "navier-stokes", "biharmonic"])
def test_baselines(name):
    image, mask = example("uint8", 1)
    result = restore_image(image, mask, denoiser="none", inpainter=name)
    np.testing.assert_array_equal(result.image[~mask], image[~mask])
    assert result.report["inpainter"] == name


@pytest.mark.parametrize("mask", [np.uint8([[0, 255], [0, 0]]), np.uint8([[0, 1], [0, 0]]),
                                  np.float32([[0, 1], [0, 0]]), np.bool_([[0, 1], [0, 0]])])
def test_masks_of_any_type(mask):
    result = restore_image(np.uint8([[10, 200], [10, 10]]), mask, denoiser="none", inpainter="telea")
    assert result.mask.tolist() == [[False, True], [False, False]]


@pytest.mark.parametrize("arguments, message", [
    ({"mask": np.zeros((5, 5), bool)}, r"mask.*\(5, 5\).*\(37, 45\)"),
    ({"mask": np.zeros((37, 45, 3), bool)}, r"mask.*\(37, 45, 3\)"),
    ({"mask": np.ones((37, 45), bool)}, "whole picture"),
    ({"denoiser": "wishful"}, "wishful.*no weights of that name"),
    ({"denoiser": __file__}, "is a file.*model folder"),
    ({"inpainter": "wishful"}, "wishful.*no weights of that name"),
    ({"inpainter": __file__}, "weights are .h5")])
def test_bad_arguments_are_one_line(arguments, message):
    image, mask = example("uint8", 3)
    with pytest.raises(ValueError, match=message) as caught:
        restore_image(image, **{"mask": mask, "denoiser": "none", "inpainter": "telea", **arguments})
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_model_is_named(tmp_path):
    with pytest.raises(InputError, match="config.json is missing"):
        restore_image(np.zeros((8, 8), np.uint8), denoiser=tmp_path, inpainter="telea")
