import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.data import draw_sample, training_batches
from deepfill_tf.sources import ImageFiles

SMALL = DeepFillConfig(image_size=16, batch_size=2, steps=6, masks={"scratches": 1.0})
REFERENCE = dataclasses.replace(SMALL, reference=True)


@pytest.fixture
def source(tmp_path):
    """Five pictures of one grey each, so that a crop tells where it comes from."""
    found = []
    for index in range(5):
        found.append(tmp_path / f"{index}.png")
        Image.new("RGB", (24, 20), (50 * index,) * 3).save(found[-1])
    return ImageFiles(tuple(found), SMALL.image_size)


def grey_levels(images):
    return np.rint((np.asarray(images)[:, 0, 0, 0, 0] + 1) * 127.5).astype(int).tolist()


def test_batches_have_the_stated_shapes_and_ranges(source):
    batches = list(training_batches(source, SMALL, seed=0))
    assert len(batches) == 6
    for images, masks in batches:
        assert images.shape == (2, 1, 16, 16, 3) and masks.shape == (2, 1, 16, 16, 1)
        assert images.dtype == masks.dtype == tf.float32
        assert -1 <= np.min(images) and np.max(images) <= 1
        assert set(np.unique(masks)) <= {0.0, 1.0}
    assert any((masks[0] != masks[1]).numpy().any() for _, masks in batches)  # one mask for each image


def test_the_reference_draws_two_batches_with_one_mask_each(source):
    for images, masks in training_batches(source, REFERENCE, seed=0):
        assert images.shape == (2, 2, 16, 16, 3)
        np.testing.assert_array_equal(masks[0], masks[1])
        assert (masks[:, 0] != masks[:, 1]).numpy().any()


def test_every_image_is_seen_once_before_any_is_seen_again(source):
    levels = sum((grey_levels(images) for images, _ in training_batches(source, SMALL, seed=3)), [])
    everything = [50 * index for index in range(5)]
    assert sorted(levels[:5]) == sorted(levels[5:10]) == everything
    assert levels[:5] != levels[5:10]


@pytest.mark.parametrize("settings", [SMALL, REFERENCE], ids=["default", "reference"])
def test_a_later_start_gives_the_same_batches_as_an_unbroken_run(source, settings):
    whole = list(training_batches(source, settings, seed=1))
    rest = list(training_batches(source, settings, seed=1, first_step=4))
    assert len(rest) == 2
    for expected, found in zip(whole[4:], rest):
        for one, other in zip(expected, found):
            np.testing.assert_array_equal(one, other)
    other_seed = list(training_batches(source, settings, seed=2))
    assert any((one[1] != other[1]).numpy().any() for one, other in zip(whole, other_seed))


def test_workers_share_a_batch_out(source):
    settings = dataclasses.replace(REFERENCE, batch_size=4, steps=3)
    whole = list(training_batches(source, settings, seed=1))
    parts = [list(training_batches(source, settings, seed=1, context=tf.distribute.InputContext(2, worker, 2)))
             for worker in range(2)]
    assert len(parts[0]) == 3
    for joint, first, second in zip(whole, *parts):
        for expected, one, other in zip(joint, first, second):
            np.testing.assert_array_equal(expected, np.concatenate([one, other]))


def test_crops_and_flips_vary(tmp_path):
    ramp = np.arange(40, dtype=np.uint8)[np.newaxis].repeat(16, axis=0)
    Image.fromarray(np.stack([ramp] * 3, axis=-1)).save(tmp_path / "ramp.png")
    settings = dataclasses.replace(SMALL, steps=10)
    source = ImageFiles((tmp_path / "ramp.png",), 16)
    rows = [np.rint((image[0, 0, :, 0].numpy() + 1) * 127.5) for images, _ in
            training_batches(source, settings, seed=0) for image in images]
    assert {1.0, -1.0} == {float(row[1] - row[0]) for row in rows}
    assert len({float(min(row)) for row in rows}) > 5


def test_edges_are_cut_and_turned_along_and_thresholded():
    image = np.random.default_rng(0).integers(0, 256, (24, 30, 1), dtype=np.uint8).repeat(4, axis=-1)
    pixels, _ = draw_sample(tf.constant(image), SMALL, 0, tf.constant(3, tf.int64))
    levels = np.rint((pixels[..., 0].numpy() + 1) * 127.5)
    np.testing.assert_array_equal(pixels[..., 3], (levels > 153).astype(np.float32))


@pytest.mark.parametrize("wrong", [{"image_size": 12}, {"batch_size": 0}, {"learning_rate": -1.0}, {"decay": "linear"},
                                   {"masks": {}}, {"masks": {"box": -1.0}}, {"average_decay": 1.0},
                                   {"warmup_steps": -1}, {"hole_weight": -1.0}, {"initialization": "luck"},
                                   {"masks": {"scratch": 1.0}}, {"model": "deepfill_v3"}, {"precision": "float8"},
                                   {"spectral_norm": "none"}, {"critic_steps": 0}, {"adversarial_weight": -1.0},
                                   {"validation_images": -1}, {"guided": True, "model": "deepfill_v1"},
                                   {"summary_steps": 0}, {"learning_rate": float("inf")},
                                   {"masks": {"dust": 1.0}, "model": "deepfill_v1"},
                                   {"hole_weight": 1.0, "model": "deepfill_v1"}])
def test_impossible_settings_name_the_field(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DeepFillConfig(**wrong)


def test_what_is_left_out_is_what_the_models_paper_says():
    v1, v2 = DeepFillConfig(model="deepfill_v1"), DeepFillConfig()
    assert (v1.critic_steps, v1.adversarial_weight, v1.beta_2, v1.masks) == (5, 0.001, 0.9, {"box": 1.0})
    assert (v2.critic_steps, v2.adversarial_weight, v2.beta_2, v2.masks) == (1, 1.0, 0.999, {"box+brush": 1.0})
    assert v1.draws == 6 and v2.draws == 1 and DeepFillConfig(reference=True).draws == 2
    assert dataclasses.replace(v1, adversarial_weight=0.0).draws == 1


def test_enlarged_crops_show_less_of_a_picture():
    ramp = np.tile(np.arange(0, 240, 10, dtype=np.uint8)[np.newaxis, :, np.newaxis], [24, 1, 3])
    settings = dataclasses.replace(SMALL, largest_enlargement=2.0)
    rows = [draw_sample(ramp, settings, 0, tf.constant(position, tf.int64))[0][8, :, 0].numpy()
            for position in range(40)]
    slopes = [abs(row[-1] - row[0]) * 127.5 / 15 for row in rows]
    assert 4.9 < min(slopes) < 5.5 and 9 < max(slopes) < 10.1  # grey levels a pixel: 10 in the picture
