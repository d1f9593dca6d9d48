"""Inpainting alone, without noise: the shipped network against classic methods on the same holes.

    python benchmarks/bench_inpainting.py --data DIR [--size 256] [--weights NAME|FILE] [--grid grid.png]

Pictures are centre crops; masks are seeded, one for each picture. Without --data, the clean examples.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pipelines import runtime
from pipelines.images import Picture, list_images, read_picture, write_picture

EXAMPLES = Path(__file__).parents[1] / "examples" / "clean"
SHOWN = 6  # pictures of each kind of hole in the grid


def main() -> None:
    """Print the table and write the grid if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(EXAMPLES), help="folder of undamaged pictures")
    parser.add_argument("--size", type=int, default=256, help="side of the crops")
    parser.add_argument("--weights", default="default", help="shipped weights or a file")
    parser.add_argument("--grid", type=Path, help="picture to write")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    runtime.start(seed=arguments.seed)
    crops = [crop for path in list_images(arguments.data)
             if (crop := centre_crop(read_picture(path).pixels, arguments.size)) is not None]
    rows = []
    print(f"{len(crops)} pictures of {arguments.size} x {arguments.size}: mean hole PSNR in dB")
    names = ["DeepFill v2", "Telea", "Navier-Stokes", "biharmonic"]
    print(f"| {'holes':<26} | ratio | " + " | ".join(names) + " |")
    for kind, masks in hole_kinds(arguments.size, len(crops), arguments.seed).items():
        results = restored_by_all(crops, masks, arguments.weights)
        figures = [np.mean([hole_psnr(*triple) for triple in zip(crops, filled, masks)]) for filled in results]
        cells = " | ".join(f"{value:{len(name)}.2f}" for name, value in zip(names, figures))
        print(f"| {kind:<26} | {np.mean(masks):5.1%} | {cells} |", flush=True)
        rows += [np.concatenate([marked(crops[index], masks[index]), *(filled[index] for filled in results),
                                 crops[index]], axis=1) for index in range(min(SHOWN, len(crops)))]
    if arguments.grid is not None:
        pixels = np.concatenate(rows)
        write_picture(arguments.grid, pixels, like=Picture(pixels))
        print(f"wrote {arguments.grid}: holes, {', '.join(names)}, truth")


def centre_crop(pixels: np.ndarray, size: int):
    """(size, size, 3), or None if the picture is smaller or gray."""
    if pixels.ndim != 3 or min(pixels.shape[:2]) < size:
        return None
    top, left = ((side - size) // 2 for side in pixels.shape[:2])
    return np.ascontiguousarray(pixels[top:top + size, left:left + size])


def hole_kinds(size: int, count: int, seed: int) -> dict[str, list[np.ndarray]]:
    """Names of holes to one bool mask (size, size) for each picture, none of them empty."""
    import tensorflow as tf

    from deepfill_tf import masks

    def centre(_):
        mask = np.zeros((size, size, 1), np.float32)
        mask[size * 3 // 8:size * 5 // 8, size * 3 // 8:size * 5 // 8] = 1
        return mask

    makers = {
        "thin scratches, 1-6 px": lambda seed: masks.scratches(seed, size, size),
        "thick brush, 12-40 px": lambda seed: masks.brush_strokes(seed, size, size),
        "fine brush, 5-16 px": lambda seed: masks.fine_brush_strokes(seed, size, size),
        "centre box, a quarter wide": centre,
    }
    drawn: dict[str, list[np.ndarray]] = {}
    for name, make in makers.items():
        drawn[name] = []
        for index in range(count):
            attempt = 0
            while not (mask := np.asarray(make(tf.constant([seed + attempt, index])))[..., 0] > 0).any():
                attempt += 1000
            drawn[name].append(mask)
    return drawn


def restored_by_all(crops, masks, weights_name):
    """Filled crops (N, size, size, 3) of the network and of each classic method."""
    from pipelines.baselines import inpaint_baseline
    from pipelines.restoration import Restorer

    network = Restorer(denoiser="none", inpainter=weights_name)
    results = [[network.restore(Picture(crop), mask).image for crop, mask in zip(crops, masks)]]
    for name in ("telea", "navier-stokes", "biharmonic"):
        results.append([inpaint_baseline(name, crop, mask) for crop, mask in zip(crops, masks)])
    return results


def hole_psnr(truth, filled, mask):
    """PSNR in dB of the hole's pixels."""
    from pipelines.metrics import psnr

    return psnr(truth, filled, where=mask)


def marked(crop, mask):
    """The crop with its holes white."""
    shown = crop.copy()
    shown[mask] = 255
    return shown


if __name__ == "__main__":
    main()
