"""The detectors joined: what is marked, as which kind, and how far around."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.damage import KINDS, DamageDetector, DamageSettings, TwoPasses, detection, find_damage
from pipelines.images import Picture
from tests.pipelines.damage.pictures import SIZE, drawn, grown, scratched, shaded

CLASSICAL = DamageSettings("classical", grow=0)


class Network:
    """Stands in for the network: probabilities that are made from the picture."""

    def __init__(self, **probabilities):
        self.values = np.array([probabilities.get(kind, 0.0) for kind in KINDS], np.float32)

    def probabilities(self, colours):
        return (colours.mean(axis=-1) > 0.9)[..., np.newaxis] * self.values


@pytest.fixture
def network(monkeypatch):
    """Makes detectors that use such a network."""
    def make(settings, **probabilities):
        monkeypatch.setattr(detection, "_load", lambda name: Network(**probabilities))
        return DamageDetector(settings)

    return make


@pytest.mark.parametrize("convert", [
    lambda gray: gray.astype(np.uint16) * 257,
    lambda gray: gray.astype(np.float32) / 255,
    lambda gray: np.stack([gray] * 3, axis=-1),
], ids=["uint16", "float32", "RGB"])
def test_every_type_gives_the_same_mask(convert):
    gray = scratched()
    expected = find_damage(Picture(gray), settings=CLASSICAL)
    found = find_damage(Picture(convert(gray)), settings=CLASSICAL)
    np.testing.assert_array_equal(found.mask, expected.mask)
    assert expected.mask[drawn("scratch")].mean() > 0.9 and expected.masks["scratches"].any()


def test_a_stack_has_the_damage_that_its_planes_share():
    stack = np.stack([scratched()] * 3)
    expected = find_damage(Picture(stack[0]), settings=CLASSICAL).mask
    np.testing.assert_array_equal(find_damage(Picture(stack, is_stack=True), settings=CLASSICAL).mask, expected)


def test_the_denoised_pixels_are_looked_at():
    picture = Picture(shaded())
    assert find_damage(picture, scratched(), CLASSICAL).mask.any()
    with pytest.raises(ValueError, match=r"`denoised` must have shape \(160, 200\). Received: \(3, 3\)"):
        find_damage(picture, np.zeros((3, 3), np.uint8), CLASSICAL)


def test_kinds_do_not_overlap_and_only_those_asked_for_are_marked():
    image = scratched()
    image[140, 20] = 255
    found = find_damage(Picture(image), settings=CLASSICAL)
    assert list(found.masks) == list(KINDS)
    assert sum(mask.astype(int) for mask in found.masks.values()).max() == 1
    np.testing.assert_array_equal(np.logical_or.reduce(list(found.masks.values())), found.mask)
    assert found.pixels["dead-pixels"] == 1
    only = find_damage(Picture(image), settings=DamageSettings("classical", kinds=("dead-pixels",), grow=0))
    assert list(only.masks) == ["dead-pixels"] and only.mask.sum() == 1


def test_probabilities_of_kinds_add_up(network):
    found = network(DamageSettings("learned", KINDS, grow=0), scratches=0.3, text=0.35).find(Picture(scratched()))
    np.testing.assert_array_equal(found.mask, drawn("scratch"))
    np.testing.assert_array_equal(found.masks["text"], found.mask)
    assert found.likelihood.max() == pytest.approx(0.65)
    scratches = network(DamageSettings("learned", kinds=("scratches",), grow=0), scratches=0.3, text=0.35)
    assert not scratches.find(Picture(scratched())).mask.any()


def test_sensitivity_moves_the_threshold(network):
    for sensitivity, marked in ((0.6, True), (0.3, False), (0.0, False), (1.0, True)):
        settings = DamageSettings("learned", sensitivity=sensitivity, grow=0)
        found = network(settings, scratches=0.5).find(Picture(scratched()))
        assert found.mask.any() == marked


def test_the_network_overrules_filters_where_it_is_sure(network):
    both = DamageSettings("both", grow=0)
    alone = find_damage(Picture(scratched()), settings=CLASSICAL)
    assert not network(both, scratches=0.01).find(Picture(scratched())).mask.any()
    np.testing.assert_array_equal(network(both, scratches=0.4).find(Picture(scratched())).mask, alone.mask)


def test_of_letters_the_network_alone_decides(network, monkeypatch):
    def bright(colours, sigma):
        return 0.9 * (colours.mean(axis=-1) > 0.9).astype(np.float32)

    monkeypatch.setitem(detection.CLASSICAL, "text", bright)
    letters = DamageSettings("both", kinds=("text",), grow=0)
    assert not network(letters, scratches=0.6, text=0.1).find(Picture(scratched())).mask.any()
    assert find_damage(Picture(scratched()), settings=DamageSettings("classical", kinds=("text",), grow=0)).mask.any()


def test_of_single_pixels_the_filter_knows_better(network):
    image = shaded()
    image[140, 20] = 255
    image[100:103, 100:103] = 240  # no single pixel
    both = DamageSettings("both", kinds=("dead-pixels",), grow=0)
    for probability, is_heard in ((0.001, False), (0.9, False), (0.97, True)):
        found = network(both, **{"dead-pixels": probability}).find(Picture(image)).mask
        assert found[140, 20] and found[100:103, 100:103].all() == is_heard


def test_kinds_that_are_not_sought_do_not_compete(network):
    scratches = DamageSettings("learned", kinds=("scratches",), grow=0)
    found = network(scratches, scratches=0.3, text=0.6).find(Picture(scratched()))
    np.testing.assert_array_equal(found.mask, drawn("scratch"))
    assert found.likelihood.max() == pytest.approx(0.75, abs=1e-5)
    assert not network(scratches, scratches=0.1, text=0.9).find(Picture(scratched())).mask.any()


def test_masks_grow_but_dead_pixels_do_not():
    image = scratched()
    image[140, 20] = 255
    found = find_damage(Picture(image), settings=DamageSettings("classical", grow=2))
    lines = found.masks["scratches"] | found.masks["cracks"]
    np.testing.assert_array_equal(found.mask & ~found.masks["dead-pixels"], grown(lines, 2))
    assert not found.mask[139, 20] and found.growth == 2
    assert find_damage(Picture(scratched()), settings=DamageSettings("classical")).growth >= 1


def test_half_of_a_picture_is_not_called_damaged(network):
    image = np.full(SIZE, 250, np.uint8)
    image[:40] = 100
    settings = DamageSettings("learned", max_ratio=0.3, grow=0)
    found = network(settings, scratches=0.9).find(Picture(image))
    assert found.mask.mean() <= 0.3 and found.warnings[0].startswith("75% of the picture looks damaged, more than the")
    assert not network(DamageSettings("learned", max_ratio=0.8, grow=0), scratches=0.9).find(Picture(image)).warnings


def test_erased_pixels_are_missing_and_cut_out_things_are_not():
    image, alpha = scratched(), np.full(SIZE, 255, np.uint8)
    alpha[:30] = 0
    found = find_damage(Picture(image, alpha=alpha), settings=CLASSICAL)
    assert found.masks["missing"][:30].all()
    without = find_damage(Picture(image, alpha=alpha), settings=DamageSettings("classical", ("scratches",), grow=0))
    assert not without.mask[:30].any() and without.mask.any()
    alpha[:100] = 0
    found = find_damage(Picture(image, alpha=alpha), settings=CLASSICAL)
    assert not found.mask[:100].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (2, 3, 3)])
def test_small_pictures(shape):
    assert not find_damage(Picture(np.full(shape, 9, np.uint8)), settings=CLASSICAL).mask.any()


def test_two_passes_are_joined(network):
    picture, denoised = Picture(shaded()), scratched()
    noisy = picture.pixels.copy()
    noisy[150, 10:14] = 250
    passes = TwoPasses(network(DamageSettings("learned", grow=0), scratches=0.9), Picture(noisy))
    assert passes.found.pixels["scratches"] == 4
    mask = passes.look_again(denoised)
    np.testing.assert_array_equal(mask, drawn("scratch") | (noisy == 250))
    assert passes.found.pixels["scratches"] == mask.sum() and passes.found.mask is mask
