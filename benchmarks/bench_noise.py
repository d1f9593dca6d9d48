"""What `estimate_noise` says about known noise: sigma, and how often it calls the noise correlated or shared.

    python benchmarks/bench_noise.py [--data PHOTOS] [--seed N]

Noise is added to every picture, rounded and clipped to uint8. Without --data, the clean examples.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from scipy import ndimage

from denoise import estimate_noise
from pipelines.images import list_images, read_picture

EXAMPLES = Path(__file__).parents[1] / "examples" / "clean"
SIGMAS = (2, 5, 10, 25, 50)
COARSE_COLOURS, FINE_COLOURS = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444


def main() -> None:
    """Print one row for each kind of noise: "correlated / shared, sigma" for each strength."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(EXAMPLES), help="folder of clean pictures")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    pictures = [pixels for path in list_images(arguments.data) if (pixels := read_picture(path).pixels).ndim == 3]
    print(f"{len(pictures)} pictures: called correlated, called shared, median sigma")
    print("| noise | " + " | ".join(f"sigma {sigma}" for sigma in SIGMAS) + " |")
    for name, degrade in KINDS.items():
        cells = [cell(pictures, degrade, sigma, arguments.seed) for sigma in SIGMAS]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def cell(pictures: list[np.ndarray], degrade: Degrade, sigma: float, seed: int) -> str:
    """Shares of the pictures whose noise is called correlated and shared, and the median of the sigmas found."""
    random = np.random.RandomState(seed)
    found = [estimate_noise(degrade(picture, random.normal(0, sigma, picture.shape))) for picture in pictures]
    correlated, shared = (np.mean([getattr(one, name) for one in found]) for name in ("is_correlated", "is_shared"))
    return f"{correlated:.0%}, {shared:.0%}, {np.median([one.sigma for one in found]):.1f}"


def to_uint8(values: np.ndarray) -> np.ndarray:
    """Rounded and clipped."""
    return values.round().clip(0, 255).astype(np.uint8)


def white(picture, noise):
    """Independent noise."""
    return to_uint8(picture + noise)


def jpeg(quality: int, sampling: int) -> Degrade:
    """Independent noise, then JPEG."""
    def degrade(picture, noise):
        settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
        _, encoded = cv2.imencode(".jpg", white(picture, noise)[..., ::-1], settings)
        return cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1]

    return degrade


def blurred(radius: float) -> Degrade:
    """Noise that a Gaussian has blurred, of the same strength as before."""
    def degrade(picture, noise):
        blurred_noise = ndimage.gaussian_filter(noise, (radius, radius, 0))
        return to_uint8(picture + blurred_noise * (noise.std() / blurred_noise.std()))

    return degrade


def bayer(picture, noise):
    """Independent noise on the pixels of a colour sensor, interpolated."""
    noisy = white(picture, noise)
    mosaic = noisy[..., 1].copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = noisy[::2, ::2, 0], noisy[1::2, 1::2, 2]
    return cv2.cvtColor(mosaic, cv2.COLOR_BayerBG2RGB)


def gray(picture, noise):
    """A gray picture in three equal channels."""
    return white(picture[..., 1], noise[..., 1])[..., np.newaxis].repeat(3, axis=-1)


Degrade = Callable[[np.ndarray, np.ndarray], np.ndarray]
KINDS: dict[str, Degrade] = {
    "white": white,
    "white, then JPEG 95, 4:4:4": jpeg(95, FINE_COLOURS), "white, then JPEG 95, 4:2:0": jpeg(95, COARSE_COLOURS),
    "white, then JPEG 75, 4:4:4": jpeg(75, FINE_COLOURS), "white, then JPEG 75, 4:2:0": jpeg(75, COARSE_COLOURS),
    "blurred by 0.5 pixels": blurred(0.5), "blurred by 0.7 pixels": blurred(0.7),
    "white, then a Bayer mosaic and back": bayer, "a gray picture in three equal channels": gray,
}


if __name__ == "__main__":
    main()
