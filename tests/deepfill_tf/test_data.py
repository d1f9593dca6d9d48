import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.data import load_image, training_batches

SMALL = DeepFillConfig(image_size=16, batch_size=2, steps=6, masks={"scratches": 1.0})


@pytest.fixture
def paths(tmp_path):
    """Five pictures of one grey each, so that a crop tells where it comes from."""
    found = []
    for index in range(5):
        found.append(tmp_path / f"{index}.png")
        Image.new("RGB", (24, 20), (50 * index,) * 3).save(found[-1])
    return found


def grey_levels(images):
    return np.rint((np.asarray(images)[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist()


def test_batches_have_the_stated_shapes_and_ranges(paths):
    batches = list(training_batches(paths, SMALL, seed=0))
    assert len(batches) == 6
    for images, masks in batches:
        assert images.shape == (2, 16, 16, 3) and masks.shape == (2, 16, 16, 1)
        assert images.dtype == masks.dtype == tf.float32
        assert -1 <= np.min(images) and np.max(images) <= 1
        assert set(np.unique(masks)) <= {0.0, 1.0}
    assert any((masks[0] != masks[1]).numpy().any() for _, masks in batches)  # one mask for each image


def test_every_image_is_seen_once_before_any_is_seen_again(paths):
    levels = sum((grey_levels(images) for images, _ in training_batches(paths, SMALL, seed=3)), [])
    everything = [50 * index for index in range(5)]
    assert sorted(levels[:5]) == sorted(levels[5:10]) == everything
    assert levels[:5] != levels[5:10]


def test_a_later_start_gives_the_same_batches_as_an_unbroken_run(paths):
    whole = list(training_batches(paths, SMALL, seed=1))
    rest = list(training_batches(paths, SMALL, seed=1, first_step=4))
    assert len(rest) == 2
    for expected, found in zip(whole[4:], rest):
        for one, other in zip(expected, found):
            np.testing.assert_array_equal(one, other)
    other_seed = list(training_batches(paths, SMALL, seed=2))
    assert any((one[1] != other[1]).numpy().any() for one, other in zip(whole, other_seed))


def test_crops_and_flips_vary(tmp_path):
    ramp = np.arange(40, dtype=np.uint8)[np.newaxis].repeat(16, axis=0)
    Image.fromarray(np.stack([ramp] * 3, axis=-1)).save(tmp_path / "ramp.png")
    settings = dataclasses.replace(SMALL, steps=10)
    rows = [np.rint((image[0, :, 0].numpy() + 1) * 127.5) for images, _ in
            training_batches([tmp_path / "ramp.png"], settings, seed=0) for image in images]
    assert {1.0, -1.0} == {float(row[1] - row[0]) for row in rows}
    assert len({float(min(row)) for row in rows}) > 5


def test_small_images_are_enlarged(tmp_path):
    Image.new("L", (5, 9), 77).save(tmp_path / "tiny.png")
    image = load_image(tf.constant(str(tmp_path / "tiny.png")), 16)
    assert image.shape[0] >= 16 and image.shape[1] >= 16 and image.shape[2] == 3
    assert set(np.unique(image)) == {77}


def test_no_paths_is_an_error():
    with pytest.raises(ValueError, match="empty"):
        training_batches([], SMALL, seed=0)


@pytest.mark.parametrize("wrong", [{"image_size": 12}, {"batch_size": 0}, {"learning_rate": -1.0}, {"decay": "linear"},
                                   {"masks": {}}, {"masks": {"box": -1.0}}, {"average_decay": 1.0},
                                   {"warmup_steps": -1}, {"hole_weight": -1.0}, {"initialization": "luck"},
                                   {"masks": {"scratch": 1.0}}])
def test_impossible_settings_name_the_field(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DeepFillConfig(**wrong)
