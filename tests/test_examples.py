"""The files in examples/ are those that their script makes, and the masks cover the damage."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
MOST_BYTES = 4 * 2**20
# JPEG decoders may differ by 1 in each step (transform, colours), and encoders of two builds as well.
DECODING = 3


def load_script():
    specification = importlib.util.spec_from_file_location("make_examples", EXAMPLES / "make_examples.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules["make_examples"] = module  # where dataclasses look up their annotations
    specification.loader.exec_module(module)
    return module


make_examples = load_script()
RECIPES = {recipe.source: recipe for recipe in make_examples.RECIPES}


@pytest.fixture(scope="module", params=sorted(RECIPES))
def recipe(request):
    return RECIPES[request.param]


@pytest.fixture(scope="module")
def example(recipe):
    return make_examples.make_example(recipe)


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_the_script_makes_the_files_again(tmp_path):
    written = make_examples.write_examples(tmp_path)
    assert len(written) == 3 * len(RECIPES)
    for path in written:
        committed, made = pixels_of(EXAMPLES / path.relative_to(tmp_path)), pixels_of(path)
        if path.suffix == ".jpg":
            np.testing.assert_allclose(made.astype(int), committed.astype(int), atol=DECODING)
        else:
            np.testing.assert_array_equal(made, committed)


def test_the_demo_is_what_the_makefile_restores():
    with Image.open(EXAMPLES / "noisy_image.jpg") as picture, Image.open(EXAMPLES / "mask.png") as mask:
        assert (picture.size, picture.mode) == ((512, 512), "RGB")
        assert (mask.size, mask.mode) == ((512, 512), "L")
        assert {value for _, value in mask.getcolors()} == {0, 255}


def test_all_damage_lies_in_the_mask(example):
    np.testing.assert_array_equal(example.damaged[~example.mask], example.noisy[~example.mask])
    touched = (example.damaged != example.noisy).any(axis=-1)
    assert touched.sum() > 0.4 * example.mask.sum()  # the rest is the margin


def test_there_is_a_margin_around_the_damage(example):
    touched = (example.damaged != example.noisy).any(axis=-1)
    assert not (make_examples.grow(touched, 1) & ~example.mask).any()


def test_the_mask_covers_about_a_twentieth(example, recipe):
    assert recipe.damaged_share <= example.mask.mean() < recipe.damaged_share + 0.01


def test_the_noise_is_as_strong_as_told(example, recipe):
    unclipped = (example.clean > 3 * recipe.sigma) & (example.clean < 255 - 3 * recipe.sigma)
    difference = (example.noisy.astype(int) - example.clean)[unclipped]
    assert difference.std() == pytest.approx(recipe.sigma, rel=0.02)  # of more than 10**5 values


def test_there_are_light_and_dark_scratches(example):
    change = example.damaged.astype(int) - example.noisy
    assert (change.min(axis=-1) > 50).sum() > 400
    assert (change.max(axis=-1) < -50).sum() > 400


def test_jpeg_neither_removes_the_noise_nor_spreads_the_damage():
    recipe = RECIPES["astronaut"]
    example = make_examples.make_example(recipe)
    stored = pixels_of(EXAMPLES / recipe.damaged).astype(int)
    error = (stored - example.damaged)[~example.mask]
    assert np.abs(error.mean()) < 0.2
    assert error.std() < 0.1 * recipe.sigma


def test_the_folder_stays_small():
    files = [path for path in EXAMPLES.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
