"""Training examples: what is labelled is what was drawn."""

import numpy as np
import pytest

from pipelines.damage import examples
from pipelines.damage.examples import WINDOW, Examples
from pipelines.damage.kinds import KINDS
from tests.pictures import write_noise


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    """Twelve windows of plain pictures, one of them gray and smaller than a window."""
    folder = tmp_path_factory.mktemp("photos")
    paths = write_noise(folder, 2, 300, 280) + [folder / "gray.png"]
    from PIL import Image
    for path, level, size in zip(paths, (60, 120, 180), ((280, 300), (280, 300), (90, 70))):
        Image.new("L" if path.name == "gray.png" else "RGB", size, level if path.name == "gray.png" else (level,) * 3
                  ).save(path)
    source = Examples(paths, 0)
    return source, [source.window(number) for number in range(12)]


def test_windows_are_a_function_of_seed_and_number(windows):
    source, made = windows
    image, labels = source.window(5)
    np.testing.assert_array_equal(image, made[5][0])
    np.testing.assert_array_equal(labels, made[5][1])
    assert not np.array_equal(Examples(source.paths, 1).window(5)[0], image)


def test_labels_are_kinds_and_some_windows_are_undamaged(windows):
    for image, labels in windows[1]:
        assert image.shape == (WINDOW, WINDOW, 3) and image.dtype == np.uint8
        assert labels.shape == (WINDOW, WINDOW) and labels.max() <= len(KINDS)
    damaged = [labels.any() for _, labels in windows[1]]
    assert any(damaged) and not all(damaged)
    assert len(np.unique([labels for _, labels in windows[1]])) > 4


def test_batches_are_windows_cut_into_crops(windows):
    source, made = windows
    images, labels = source.batch(1, 2, 128)
    assert images.shape == (8, 128, 128, 3) and labels.shape == (8, 128, 128)
    np.testing.assert_array_equal(images[0], made[2][0][:128, :128])
    np.testing.assert_array_equal(labels[7], made[3][1][128:, 128:])


def test_noise_stays_or_leaves_traces():
    image = np.full((64, 64, 3), 120, np.uint8)
    deviations = [examples._noisy(np.random.default_rng(seed), image).std() for seed in range(20)]
    assert min(deviations) == 0 and max(deviations) > 8


def test_without_pictures():
    with pytest.raises(ValueError, match="no training pictures"):
        Examples([], 0)
