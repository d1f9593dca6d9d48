"""The example pictures: restored with and without the denoiser and by classic inpainting, against the clean ones.

    python benchmarks/bench_example.py

Every inpainter gets the same denoised picture, whose training time is counted for each.
"""

from __future__ import annotations

import time
from pathlib import Path

from pipelines import restore_image, runtime
from pipelines.images import read_mask, read_picture
from pipelines.metrics import psnr, ssim

EXAMPLES = Path(__file__).parents[1] / "examples"
PICTURES = {  # name: damaged picture, mask
    "astronaut": ("noisy_image.jpg", "mask.png"),
    "coffee": ("damaged/coffee.png", "masks/coffee.png"),
    "chelsea": ("damaged/chelsea.png", "masks/chelsea.png"),
}
INPAINTERS = {"DeepFill v2": "default", "Telea": "telea", "Navier-Stokes": "navier-stokes",
              "biharmonic": "biharmonic"}


def main() -> None:
    """Print one table for each picture."""
    runtime.start(seed=0)
    for name, (damaged_name, mask_name) in PICTURES.items():
        truth = read_picture(EXAMPLES / "clean" / f"{name}.png").pixels
        damaged = read_picture(EXAMPLES / damaged_name)
        mask = read_mask(EXAMPLES / mask_name, damaged.size)
        print(f"\n{name}, {damaged.size[1]} x {damaged.size[0]}, {mask.mean():.1%} damaged")
        print(f"| {'system':<27} | PSNR dB | hole PSNR dB | SSIM  | seconds |")
        print(f"|{'-' * 29}|---------|--------------|-------|---------|")
        print_row("input", truth, damaged.pixels, mask, 0.0)
        started = time.perf_counter()
        denoised = restore_image(damaged.pixels, mask, denoiser="self", inpainter="telea").denoised
        denoising = time.perf_counter() - started
        for prefix, pixels, before in (("", damaged.pixels, 0.0), ("Noise2Void + ", denoised, denoising)):
            for system, inpainter in INPAINTERS.items():
                started = time.perf_counter()
                result = restore_image(pixels, mask, denoiser="none", inpainter=inpainter)
                print_row(prefix + system, truth, result.image, mask, before + time.perf_counter() - started)


def print_row(system, truth, image, mask, seconds):
    """Print a line of the table."""
    print(f"| {system:<27} | {psnr(truth, image):7.2f} | {psnr(truth, image, where=mask):12.2f} "
          f"| {ssim(truth, image):.3f} | {seconds:7.1f} |", flush=True)


if __name__ == "__main__":
    main()
