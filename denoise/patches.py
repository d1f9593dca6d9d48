"""Images and damage -> float32 arrays in n2v's order (samples, (Z,) Y, X, channels), without damage."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

AXES = "STZYXC"
COMPACT = (np.uint8, np.uint16)  # types that training pixels are kept in; all others become float32
LARGEST_SOURCE = 512  # pixels: larger images are cut into pieces of this side; n2v draws patches from them


def check_axes(axes: str, dimensions: int) -> None:
    """Raise ValueError unless `axes` names each of so many dimensions once, Y and X among them."""
    known = all(axes.count(axis) == 1 for axis in axes) and set(axes) <= set(AXES)
    if not known or not {"Y", "X"} <= set(axes):
        raise ValueError(f"axes must be different letters of {AXES!r}, with Y and X. Received: {axes!r}")
    if len(axes) != dimensions:
        raise ValueError(f"axes {axes!r} name {len(axes)} dimensions. Received: an image with {dimensions}")


def guess_axes(shape: tuple[int, ...], network_axes: str, channels: int) -> str:
    """The axes of an image for a network of these axes and channels; one more axis in front counts frames.

    Raises:
        ValueError: If the image does not fit, or could be several things.
    """
    spatial = network_axes[:-1]
    with_channels = len(shape) > len(spatial) and shape[-1] == channels
    frames = len(shape) - len(spatial) - with_channels
    if frames not in (0, 1) or (channels > 1 and not with_channels):
        raise ValueError(f"the denoiser takes axes {network_axes} with {channels} channels. "
                         f"Received: shape {shape}; name its axes with `axes`")
    return "T" * frames + spatial + "C" * with_channels


def to_samples(image: np.ndarray, axes: str) -> np.ndarray:
    """Put the axes of an image in n2v's order; S and T become samples, which are independent of each other.

    Args:
        image: Any dtype; its dimensions as named by `axes`.
        axes: Letters of "STZYXC", one per dimension.

    Returns:
        (S, Y, X, C), or (S, Z, Y, X, C) with a Z axis; same dtype.
    """
    check_axes(axes, image.ndim)
    ordered = np.transpose(image, [axes.index(axis) for axis in AXES if axis in axes])
    space = ordered.shape[sum(axis in axes for axis in "ST"):]
    return ordered.reshape((-1, *space) if "C" in axes else (-1, *space, 1))


def from_samples(samples: np.ndarray, axes: str, shape: tuple[int, ...]) -> np.ndarray:
    """Undo `to_samples` for an image that had these axes and this shape."""
    order = [axes.index(axis) for axis in AXES if axis in axes]
    return np.transpose(samples.reshape([shape[axis] for axis in order]), np.argsort(order))


def damage_to_samples(damage: np.ndarray | None, axes: str, shape: tuple[int, ...]) -> np.ndarray:
    """The damage of an image as a boolean array (S, (Z,) Y, X, 1).

    Args:
        damage: True or above 0.5 = damaged: (Y, X) for all frames and slices, or the image's shape without C.
            None: nothing is damaged.
        axes: The image's axes.
        shape: The image's shape.
    """
    spatial = axes.replace("C", "")
    expected = tuple(side for axis, side in zip(axes, shape) if axis != "C")
    if damage is None:
        return to_samples(np.zeros(expected, bool), spatial)
    damage = np.asarray(damage)
    damage = damage if damage.dtype == bool else damage > 0.5
    plane = (shape[axes.index("Y")], shape[axes.index("X")])
    if damage.shape == plane and spatial.index("Y") < spatial.index("X"):
        damage = np.broadcast_to(damage.reshape([side if axis in "YX" else 1
                                                 for axis, side in zip(spatial, expected)]), expected)
    if damage.shape != expected:
        raise ValueError(f"damage must have shape {expected} or {plane} (Y, X). Received: {damage.shape}")
    return to_samples(damage, spatial)


@dataclasses.dataclass(frozen=True)
class TrainingPixels:
    """What n2v draws its patches from. All arrays have S sources of one common size.

    Args:
        values: (S, (Z,) Y, X, C) uint8, uint16 or float32; a damaged pixel has the value of its nearest valid one,
            so that n2v, which takes targets and replacements from here, never sees a damaged value.
        damage: (S, (Z,) Y, X, 1) bool; padding counts as damage.
        means: Mean of the valid pixels of each channel.
        stds: Standard deviation of the valid pixels of each channel; 1 for a constant channel.
        source_means: (S, C) float32, what each source is standardised by: these means, or its own image's.
        source_stds: (S, C) float32, the deviations in the same way.
    """

    values: np.ndarray
    damage: np.ndarray
    means: tuple[float, ...]
    stds: tuple[float, ...]
    source_means: np.ndarray
    source_stds: np.ndarray


def _pieces(samples: np.ndarray, source: tuple[int, ...]) -> list[np.ndarray]:
    """Cut one sample into overlapping pieces of shape `source` that cover it; smaller ones stay whole."""
    starts = []
    for side, piece in zip(samples.shape, source):
        count = max(1, -(-side // piece))
        starts.append(np.linspace(0, max(0, side - piece), count).round().astype(int))
    corners = np.stack(np.meshgrid(*starts, indexing="ij"), -1).reshape(-1, len(source))
    return [samples[tuple(slice(start, start + piece) for start, piece in zip(corner, source))]
            for corner in corners]


def _nearest_valid(values: np.ndarray, damage: np.ndarray) -> np.ndarray:
    """Give every damaged pixel of one sample the value of the valid pixel nearest to it."""
    if not damage.any():
        return values
    from scipy import ndimage  # takes a fifth of a second to load

    nearest = ndimage.distance_transform_edt(damage[..., 0], return_distances=False, return_indices=True)
    return values[tuple(nearest)]


def valid_samples(images: Sequence[np.ndarray], axes: str, damage: Sequence[np.ndarray | None] | None,
                  dimensions: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Samples and damage of all frames that are not wholly damaged.

    Args:
        images: See `training_pixels`.
        axes: Axes of every image.
        damage: See `training_pixels`.
        dimensions: Number of spatial axes that they must have.

    Returns:
        Arrays ((Z,) Y, X, C), uint8, uint16 or float32, and as many boolean ones with one channel.

    Raises:
        ValueError: If there is no image, no valid pixel, or if shapes disagree.
    """
    if not images:
        raise ValueError("no training images: `images` is empty")
    masks = [None] * len(images) if damage is None else list(damage)
    if len(masks) != len(images):
        raise ValueError(f"damage must have one mask per image ({len(images)}). Received: {len(masks)}")
    samples, damaged = [], []
    for image, mask in zip(images, masks):
        image = np.asarray(image)
        for one, holes in zip(to_samples(image, axes), damage_to_samples(mask, axes, image.shape)):
            if not holes.all():  # a wholly damaged frame teaches nothing
                samples.append(one if one.dtype in COMPACT else one.astype(np.float32))
                damaged.append(holes)
    if not samples:
        raise ValueError("no training pixels: the damage covers everything")
    channels = {one.shape[-1] for one in samples}
    found = {one.ndim - 1 for one in samples}
    if len(channels) > 1 or found != {dimensions}:
        raise ValueError(f"images must have one number of channels and {dimensions} spatial axes. "
                         f"Received: {sorted(channels)} channels, {sorted(found)} axes")
    return samples, damaged


def training_pixels(images: Sequence[np.ndarray], axes: str, damage: Sequence[np.ndarray | None] | None,
                    patch_shape: tuple[int, ...], *, own_statistics: bool = False) -> TrainingPixels:
    """Collect the pixels that a denoiser may learn from.

    Args:
        images: At least one image; sizes may differ, channels may not.
        axes: Axes of every image.
        damage: One mask per image, see `damage_to_samples`, or None.
        patch_shape: Smallest source size; smaller images are padded, and the padding counts as damage.
        own_statistics: Standardise each frame by its own mean and deviation.

    Raises:
        ValueError: If there is no image, no valid pixel, a value that is not finite, or if shapes disagree.
    """
    samples, damaged = valid_samples(images, axes, damage, len(patch_shape))
    means, stds = statistics(samples, damaged)
    smallest = np.min([one.shape[:-1] for one in samples], axis=0)
    source = tuple(int(max(patch, min(side, LARGEST_SOURCE))) for patch, side in zip(patch_shape, smallest))
    values_list: list[np.ndarray] = []
    damage_list: list[np.ndarray] = []
    means_list: list[tuple[float, ...]] = []
    stds_list: list[tuple[float, ...]] = []
    for one, holes in zip(samples, damaged):
        own_means, own_stds = statistics([one], [holes]) if own_statistics else (means, stds)
        padding = [(0, max(0, side - length)) for side, length in zip(source, one.shape)]
        holes = np.pad(holes, [*padding, (0, 0)], constant_values=True)
        one = _nearest_valid(np.pad(one, [*padding, (0, 0)]), holes)
        values_list += _pieces(one, source)
        damage_list += _pieces(holes, source)
        means_list += [own_means] * (len(values_list) - len(means_list))
        stds_list += [own_stds] * (len(values_list) - len(stds_list))
    return TrainingPixels(np.stack(values_list), np.stack(damage_list), means, stds,
                          np.array(means_list, np.float32), np.array(stds_list, np.float32))


def statistics(samples: Sequence[np.ndarray], damaged: Sequence[np.ndarray]) \
        -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel over the valid pixels, in float64."""
    count, total, squares = 0, np.zeros(1), np.zeros(1)
    for one, holes in zip(samples, damaged):
        valid = one[~holes[..., 0]].astype(np.float64)
        if not np.isfinite(valid).all():
            raise ValueError("images must be finite outside the damage. Received: NaN or infinity")
        count, total = count + len(valid), total + valid.sum(0)
    means = total / count
    for one, holes in zip(samples, damaged):
        squares = squares + ((one[~holes[..., 0]].astype(np.float64) - means) ** 2).sum(0)
    stds = np.sqrt(squares / count)
    return tuple(map(float, means)), tuple(float(std) if std > 0 else 1.0 for std in stds)
