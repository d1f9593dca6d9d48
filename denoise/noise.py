"""How noisy is an image, and is the noise of the kind that Noise2Void can remove?"""

from __future__ import annotations

import dataclasses

import numpy as np
import pywt

BLOCK = 8  # pixels
FLATTEST = 0.05  # share of the blocks in which the noise is looked at
FEWEST_BLOCKS = 6
SMALLEST_SIDE = 5  # pixels: nothing can be measured in smaller images, which count as free of noise
# Of larger images as much is looked at, in equal parts from edge to edge: more costs memory and tells nothing new.
LARGEST_SIDE, PARTS = 512, 4
# Measured in docs/denoising.md. Photographs have weak colour noise of their own that JPEG has made alike.
CORRELATED, CORRELATED_COLOURS = 0.125, 0.2
NORMAL_QUARTILE = 0.6744897501960817  # of the standard normal distribution: the median of its absolute value
SHARED = 0.2  # correlation of two channels' noise, measured in docs/denoising.md


@dataclasses.dataclass(frozen=True)
class NoiseEstimate:
    """What `estimate_noise` found.

    Args:
        sigma: Standard deviation of the noise, in the image's own units. Too low where the noise is
            correlated.
        correlation: Of the noise of neighbouring pixels: about 0 for independent noise, at most about 1.
        is_correlated: Whether Noise2Void will do less than usual, since it only removes what cannot be
            predicted from the neighbours.
        is_shared: Whether the colour channels have their noise in common, as in a gray picture stored as RGB or after
            JPEG has thinned out the colours. A network that sees all channels at once then predicts a pixel's noise
            from its other channels: the channels must be denoised one by one.
    """

    sigma: float
    correlation: float
    is_correlated: bool
    is_shared: bool = False


def estimate_noise(image: np.ndarray, *, damage: np.ndarray | None = None) -> NoiseEstimate:
    """Measure the noise of an image.

    `sigma` is `wavelet_sigma`. `correlation` is that of neighbouring pixels in the flattest
    blocks of 8 x 8, where there is little but noise: each loses the quadratic surface that fits it best, and
    blocks with damaged or clipped pixels, or without any variation, do not count. It is the mean
    of the channels or, if that is larger, what the colour differences have, since JPEG and demosaicing spoil
    these first; but where the channels share their noise, the colour differences have none and do not count.

    Of sides above 512 pixels four parts of 128 are looked at. The seams between them count for little: sigma is a
    median, and no block lies across them.

    Args:
        image: (H, W) or (H, W, C), any real dtype.
        damage: (H, W), True = damaged, left out of the measurement; or None.

    Raises:
        ValueError: If the shapes do not fit.
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3):
        raise ValueError(f"image must be (H, W) or (H, W, C). Received: shape {image.shape}")
    holes = np.zeros(image.shape[:2], bool) if damage is None else np.asarray(damage) > 0.5
    if holes.shape != image.shape[:2]:
        raise ValueError(f"damage must have shape {image.shape[:2]}. Received: {holes.shape}")
    rows, columns = (_looked_at(side) for side in holes.shape)
    image, holes = image[rows][:, columns], holes[rows][:, columns]
    values = np.atleast_3d(image).astype(np.float64)
    if holes.all() or min(holes.shape) < SMALLEST_SIDE:
        return NoiseEstimate(0.0, 0.0, False)
    if holes.any():
        from scipy import ndimage  # takes a fifth of a second to load

        nearest = ndimage.distance_transform_edt(holes, return_distances=False, return_indices=True)
        values = values[tuple(nearest)]
    planes = np.moveaxis(values, -1, 0)
    sigma = float(np.mean([wavelet_sigma(plane) for plane in planes]))
    unusable = holes | ((planes <= planes.min((1, 2), keepdims=True))
                        | (planes >= planes.max((1, 2), keepdims=True))).any(0)
    alike, alike_colours = float(np.mean([_correlation(plane, unusable) for plane in planes])), 0.0
    is_shared = False
    if len(planes) == 3:
        red, green, blue = planes
        is_shared = _correlation_of_channels(planes, unusable, holes) > SHARED
        if not is_shared:
            alike_colours = max(_correlation(red - green, unusable), _correlation(blue - green, unusable))
    return NoiseEstimate(sigma, max(alike, alike_colours),
                         alike > CORRELATED or alike_colours > CORRELATED_COLOURS, is_shared)


def wavelet_sigma(plane: np.ndarray) -> float:
    """Standard deviation of white noise in an image: the median of its finest diagonal wavelet coefficients.

    Args:
        plane: (H, W), any real dtype.

    Returns:
        In the image's own units; 0 for an image of one value.

    Reference:
        Donoho & Johnstone 1994, doi:10.1093/biomet/81.3.425; `estimate_sigma` of scikit-image, of which loading takes
        a second and 40 MB.
    """
    if np.ptp(plane) == 0:
        return 0.0
    _, (_, _, diagonal) = pywt.dwt2(plane, "db2")
    details = np.abs(diagonal[diagonal != 0])  # exact zeros: even regions without light
    return float(np.median(details)) / NORMAL_QUARTILE if details.size else 0.0


def _looked_at(side: int) -> np.ndarray:
    """Indices of the rows or columns that are measured."""
    if side <= LARGEST_SIDE:
        return np.arange(side)
    length = LARGEST_SIDE // PARTS
    starts = np.linspace(0, side - length, PARTS, dtype=int)
    return np.concatenate([np.arange(start, start + length) for start in starts])


def _blocks(plane: np.ndarray) -> np.ndarray:
    """Cut (H, W) into rows of BLOCK * BLOCK pixels; what does not fill a block is left out."""
    height, width = (side // BLOCK for side in plane.shape)
    blocks = plane[:height * BLOCK, :width * BLOCK].reshape(height, BLOCK, width, BLOCK)
    return blocks.transpose(0, 2, 1, 3).reshape(-1, BLOCK * BLOCK)


def _without_surface() -> np.ndarray:
    """The projection that takes the best quadratic surface out of a block: (BLOCK ** 2, BLOCK ** 2)."""
    y, x = np.mgrid[-1:1:BLOCK * 1j, -1:1:BLOCK * 1j]
    terms = (y ** 0, y, x, y * y, x * y, x * x)
    surface, _ = np.linalg.qr(np.stack([term.ravel() for term in terms], axis=1))
    return np.eye(BLOCK * BLOCK) - surface @ surface.T


def _flattest(planes: np.ndarray, unusable: np.ndarray) -> np.ndarray:
    """What the flattest blocks of (C, H, W) have beside their surface: (C, blocks, BLOCK ** 2); no block if too few."""
    blocks = np.stack([_blocks(plane) for plane in planes])
    usable = ~_blocks(unusable).any(1) & (np.ptp(blocks, -1) > 0).all(0)
    residual = blocks[:, usable] @ _without_surface()
    if residual.shape[1] < FEWEST_BLOCKS:
        return residual[:, :0]
    order = np.argsort((residual ** 2).sum((0, 2)), kind="stable")
    return residual[:, order[:max(FEWEST_BLOCKS, int(FLATTEST * len(order)))]]


def _correlation_of_channels(planes: np.ndarray, unusable: np.ndarray, holes: np.ndarray) -> float:
    """Mean correlation of two channels of (3, H, W) in the flattest blocks; 1 where all channels are equal."""
    if (planes[1:] == planes[0]).all():
        return 1.0
    for barred in (unusable, holes):  # clipped pixels do little harm here, and strong noise leaves few blocks without
        residual = _flattest(planes, barred).reshape(len(planes), -1)
        if residual.size:
            return float((np.corrcoef(residual).sum() - 3) / 6)
    return 0.0


def _correlation(plane: np.ndarray, unusable: np.ndarray) -> float:
    """Correlation of neighbouring pixels in the flattest blocks of (H, W); 0 if there are too few blocks."""
    # white noise too is slightly (negatively) correlated once the surface is taken out: by this much
    covariances = _without_surface().reshape((BLOCK,) * 4)
    across = np.einsum("yxyx->yx", covariances).mean()
    neighbours = (np.einsum("yxyx->yx", covariances[:, 1:, :, :-1]).mean()
                  + np.einsum("yxyx->yx", covariances[1:, :, :-1, :]).mean()) / 2
    squares = _flattest(plane[np.newaxis], unusable)[0].reshape(-1, BLOCK, BLOCK)
    if not len(squares):
        return 0.0
    products = ((squares[:, :, 1:] * squares[:, :, :-1]).mean()
                + (squares[:, 1:] * squares[:, :-1]).mean()) / 2
    return float(products / (squares ** 2).mean() - neighbours / across)
