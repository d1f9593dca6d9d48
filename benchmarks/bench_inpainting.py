"""Inpainting alone, without noise: the shipped network against classic methods on the same holes.

    python benchmarks/bench_inpainting.py --data DIR [--masks DIR] [--sizes 256 512] [--limit N] [--weights NAME|FILE]
                                          [--grid grid.png]

Pictures are centre crops, enlarged where they are too small; without --data, the clean examples. Masks are seeded, one
for each picture; --masks names a folder with irregular ones, black and white, in ratio_20_30/ and ratio_30_40/ (the
shares of the picture that they cover, in percent). "smooth start" is what the network starts from.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from pipelines import runtime
from pipelines.baselines import BASELINES, inpaint_baseline
from pipelines.evaluation.holes import parse_holes
from pipelines.images import Picture, list_images, read_picture, write_picture
from pipelines.metrics import psnr, ssim

EXAMPLES = Path(__file__).parents[1] / "examples" / "clean"
SHOWN = 6  # pictures of each kind of hole in the grid
NETWORK, START = "DeepFill v2", "smooth start"
IRREGULAR = ("ratio_20_30", "ratio_30_40")
# Decibels of hole PSNR wanted above the best classic method.
WANTED = {"thin scratches, 5 %": 0.5, "free-form, 10-20 %": 1.0, "irregular, 20-40 %": 1.0, "centre box, 1/4 wide": 0.5}

Masks = list[np.ndarray]


def main() -> None:
    """Print the tables and write the grid if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(EXAMPLES), help="folder of undamaged pictures")
    parser.add_argument("--masks", type=Path, help="folder of irregular masks")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256], help="sides of the crops")
    parser.add_argument("--limit", type=int, help="take so many pictures, evenly from the folder")
    parser.add_argument("--weights", default="default", help="shipped weights or a file")
    parser.add_argument("--grid", type=Path, help="picture to write")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    runtime.start(seed=arguments.seed)
    paths = list_images(arguments.data)
    paths = [paths[index] for index in np.linspace(0, len(paths) - 1, min(arguments.limit or len(paths), len(paths)),
                                                   dtype=int)]
    rows = []
    with ProcessPoolExecutor(2) as pool:
        for size in arguments.sizes:
            crops = [centre_crop(read_picture(path).pixels, size) for path in paths]
            for kind, masks in hole_kinds(size, len(crops), arguments.seed, arguments.masks):
                results = {**by_network(crops, masks, arguments.weights), **by_classic_methods(crops, masks, pool)}
                report(f"{size} x {size}, {kind}", crops, masks, results, WANTED[kind])
                if size == arguments.sizes[0]:
                    rows += [np.concatenate([marked(crop, mask), *(filled[index] for filled in results.values()), crop],
                                            axis=1)
                             for index, (crop, mask) in enumerate(zip(crops[:SHOWN], masks))]
    if arguments.grid is not None:
        pixels = np.concatenate(rows)
        write_picture(arguments.grid, pixels, like=Picture(pixels))
        print(f"wrote {arguments.grid}: holes, {', '.join(results)}, truth")


def report(title: str, crops: Masks, masks: Masks, results: dict[str, Masks], wanted: float) -> None:
    """Print one table: mean figures of each method, and how far the network is above the best classic one."""
    print(f"\n{title}: {len(crops)} pictures, {np.mean(masks):.1%} of each to fill")
    print(f"| {'':<14} | hole PSNR | PSNR  | hole SSIM | SSIM  | gradient energy in the hole |")
    means = {name: np.mean([figures(*triple) for triple in zip(crops, filled, masks)], axis=0)
             for name, filled in results.items()}
    for name, (hole_psnr, whole_psnr, hole_ssim, whole_ssim, energy) in means.items():
        print(f"| {name:<14} | {hole_psnr:9.2f} | {whole_psnr:5.2f} | {hole_ssim:9.3f} | {whole_ssim:.3f} "
              f"| {energy:7.0%} of the truth's       |")
    gained = means[NETWORK][0] - max(means[name][0] for name in BASELINES)
    print(f"{NETWORK} is {gained:+.2f} dB above the best classic method (wanted: {wanted:+.1f})", flush=True)


def figures(truth: np.ndarray, filled: np.ndarray, mask: np.ndarray) -> tuple[float, ...]:
    """PSNR and SSIM of hole and whole picture, and the hole's gradient energy as a share of the truth's."""
    from skimage.metrics import structural_similarity

    similarity = structural_similarity(truth, filled, data_range=255, gaussian_weights=True, sigma=1.5,
                                       use_sample_covariance=False, channel_axis=-1, full=True)[1]
    return (psnr(truth, filled, where=mask), psnr(truth, filled), float(similarity[mask].mean()), ssim(truth, filled),
            gradient_energy(filled, mask) / max(gradient_energy(truth, mask), 1e-9))


def gradient_energy(image: np.ndarray, mask: np.ndarray) -> float:
    """Mean square of the differences of neighbours, over the hole."""
    down, right = np.gradient(image.astype(np.float64), axis=(0, 1))
    return float((down**2 + right**2)[mask].mean())


def centre_crop(pixels: np.ndarray, size: int) -> np.ndarray:
    """uint8 (size, size, 3)."""
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., np.newaxis], 3, axis=-1)
    scale = size / min(pixels.shape[:2])
    if scale > 1:
        sides = [max(size, round(side * scale)) for side in pixels.shape[1::-1]]
        pixels = cv2.resize(pixels, sides, interpolation=cv2.INTER_CUBIC)
    top, left = ((side - size) // 2 for side in pixels.shape[:2])
    return np.ascontiguousarray(pixels[top:top + size, left:left + size])


def hole_kinds(size: int, count: int, seed: int, folder: Path | None) -> Iterator[tuple[str, Masks]]:
    """Kinds of holes, each with one bool mask (size, size) for each picture."""
    thin, freeform, irregular, box = WANTED
    # Strokes and lines keep their width in pixels, so that larger pictures take more of them.
    for kind, holes in ((thin, parse_holes("scratches:4-6")), (freeform, parse_holes("free-form:10-20"))):
        yield kind, [holes.mask((size, size), seed=seed, name=str(index), position=index) for index in range(count)]
    if folder is not None:
        both = [parse_holes(str(folder / name), resizes=True) for name in IRREGULAR]
        yield irregular, [both[index % 2].mask((size, size), seed=seed, name="", position=index // 2)
                          for index in range(count)]
    centre = np.zeros((size, size), bool)
    centre[size * 3 // 8:size * 5 // 8, size * 3 // 8:size * 5 // 8] = True
    yield box, [centre] * count


def by_network(crops: Masks, masks: Masks, weights_name: str) -> dict[str, Masks]:
    """Filled crops of the network and of its smooth start."""
    import tensorflow as tf

    from deepfill_tf.layers.tension_fill import TensionFill
    from pipelines.restoration import Restorer

    network = Restorer(denoiser="none", inpainter=weights_name)
    start = tf.function(TensionFill(), reduce_retracing=True)

    def started(crop, mask):
        filled = start(crop[np.newaxis].astype(np.float32), mask[np.newaxis, ..., np.newaxis].astype(np.float32))
        return np.rint(np.clip(filled[0], 0, 255)).astype(np.uint8)

    return {NETWORK: [network.restore(Picture(crop), mask).image for crop, mask in zip(crops, masks)],
            START: [started(crop, mask) for crop, mask in zip(crops, masks)]}


def by_classic_methods(crops: Masks, masks: Masks, pool: ProcessPoolExecutor) -> dict[str, Masks]:
    """Filled crops of each classic method."""
    return {name: list(pool.map(inpaint_baseline, [name] * len(crops), crops, masks)) for name in BASELINES}


def marked(crop: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The crop with its holes white."""
    shown = crop.copy()
    shown[mask] = 255
    return shown


if __name__ == "__main__":
    main()
