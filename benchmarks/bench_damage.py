"""Finding damage: how much of rendered damage is found, how much else is marked, and what restoring gains by it.

    python benchmarks/bench_damage.py [--data PHOTOS] [--pictures 22] [--kinds mixed] [--parts restoration]
                                      [--output FOLDER --damaged FOLDER]

PHOTOS (by default the clean examples) are undamaged pictures that no detector was trained on. Everything is drawn from
fixed seeds. Detection looks for the kind that was rendered, and in mixed damage for all; the other parts look for those
that `restore` looks for. Counted is what was found, before it is grown for filling. A marked pixel is right, and a
damaged one found, if the other is at most one pixel away; all pixels of all pictures are counted together.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from pipelines import runtime
from pipelines.comparison import comparison, marked
from pipelines.damage import KINDS, DamageDetector, DamageSettings, TwoPasses
from pipelines.images import Picture, list_images, read_picture, write_picture
from pipelines.metrics import psnr
from pipelines.restoration import Restorer
from pipelines.synthetic_damage import render_damage, some_kinds

EXAMPLES = Path(__file__).parents[1] / "examples" / "clean"
SIGMAS = 0, 10, 25
DETECTORS = "classical", "learned", "both"
MIXED = "mixed"  # one to four kinds in each picture


def main() -> None:
    """Print one table after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(EXAMPLES), help="undamaged photos")
    parser.add_argument("--pictures", type=int, default=22, help="how many of them")
    parser.add_argument("--restored", type=int, default=6, help="how many to restore with noise")
    parser.add_argument("--denoiser", default="self", help="for these: self, or a model, which is much faster")
    parser.add_argument("--denoise-seconds", type=float, default=60, help="for each of these, if self")
    parser.add_argument("--output", type=Path, help="folder for pictures of what was found")
    parser.add_argument("--damaged", help="really damaged pictures, for --output")
    parser.add_argument("--detector-weights", default="default")
    parser.add_argument("--noise", type=float, nargs="+", default=list(SIGMAS), metavar="SIGMA", help="of 255")
    parser.add_argument("--kinds", nargs="+", default=[*KINDS, MIXED], choices=[*KINDS, MIXED], help="of damage, for "
                        "detection and for restoring without noise")
    parser.add_argument("--parts", default="detection,undamaged,restoration,orders,pictures")
    arguments = parser.parse_args()
    runtime.start(seed=0)
    paths = list_images(arguments.data)
    photos = [read_picture(path).pixels for path in paths[::max(1, len(paths) // arguments.pictures)]]
    photos = photos[:arguments.pictures]
    weights = arguments.detector_weights
    detectors = {name: DamageDetector(DamageSettings(name, weights=weights)) for name in DETECTORS}
    parts = arguments.parts.split(",")
    if "detection" in parts:
        detection(photos, weights, arguments.noise, arguments.kinds)
    if "undamaged" in parts:
        undamaged([read_picture(path).pixels for path in paths], detectors, arguments.noise)
    if "restoration" in parts:
        for sigma in arguments.noise:
            restorer = Restorer(denoiser=arguments.denoiser if sigma else "none",
                                denoise_seconds=arguments.denoise_seconds)
            restoration(photos[:arguments.restored] if sigma else photos, restorer, detectors["both"], sigma,
                        [MIXED] if sigma else arguments.kinds)
    if "orders" in parts:
        restorer = Restorer(denoiser=arguments.denoiser, denoise_seconds=arguments.denoise_seconds)
        for sigma in filter(None, arguments.noise):
            orders(photos[:arguments.restored], restorer, detectors["both"], sigma)
    if "pictures" in parts and arguments.output is not None and arguments.damaged is not None:
        pictures(list_images(arguments.damaged), detectors["both"], arguments.output)


def damaged(photo: np.ndarray, number: int, kind: str, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Photo `number` with damage of this kind, then noise, and where the damage is."""
    kinds = some_kinds(np.random.default_rng(number)) if kind == MIXED else [kind]
    rendered = render_damage(photo, number, kinds)
    return noisy(rendered.image, number, sigma), rendered.mask


def noisy(image: np.ndarray, number: int, sigma: float) -> np.ndarray:
    """Gaussian noise of `sigma` of 255, rounded and clipped as a camera does."""
    noise = np.random.default_rng((number, 1)).normal(0, sigma, image.shape) if sigma else 0
    return np.rint(image + noise).clip(0, 255).astype(np.uint8)


class Counts:
    """Marked and damaged pixels, and how many of them have one of the others within a pixel."""

    def __init__(self) -> None:
        self.right = self.marked = self.found = self.damaged = 0

    def add(self, mask: np.ndarray, truth: np.ndarray) -> None:
        """Count one picture."""
        near_mask, near_truth = (cv2.dilate(pixels.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
                                 for pixels in (mask, truth))
        self.right += int((mask & near_truth).sum())
        self.marked += int(mask.sum())
        self.found += int((truth & near_mask).sum())
        self.damaged += int(truth.sum())

    def figures(self) -> tuple[float, float, float, float]:
        """Precision, recall, F1, and intersection over union."""
        precision, recall = self.right / max(self.marked, 1), self.found / max(self.damaged, 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        return precision, recall, f1, f1 / (2 - f1)


def detection(photos, weights, sigmas, kinds):
    """Each kind of damage alone and mixed, with each noise, for each detector."""
    print("\n| noise | damage | " + " | ".join(f"{name}: precision, recall, F1, IoU" for name in DETECTORS) + " |")
    print("|---|---|" + "---|" * len(DETECTORS))
    for sigma in sigmas:
        for kind in kinds:
            sought = KINDS if kind == MIXED else (kind,)
            detectors = {name: DamageDetector(DamageSettings(name, sought, weights=weights)) for name in DETECTORS}
            counts = {name: Counts() for name in detectors}
            for number, photo in enumerate(photos):
                image, truth = damaged(photo, number, kind, sigma)
                for name, detector in detectors.items():
                    found = detector.find(Picture(image)).masks.values()
                    counts[name].add(np.logical_or.reduce(list(found)), truth)
            cells = (" ".join(f"{figure:.2f}" for figure in counted.figures()) for counted in counts.values())
            print(f"| {sigma:g} | {kind} | {' | '.join(cells)} |", flush=True)


def undamaged(photos, detectors, sigmas):
    """What is found, and what would be filled, where nothing is damaged."""
    print("\n| noise | undamaged: found, filled; most filled | " + " | ".join(detectors) + " |\n|---|---|"
          + "---|" * len(detectors))
    for sigma in sigmas:
        cells = []
        for detector in detectors.values():
            results = [detector.find(Picture(noisy(photo, number, sigma))) for number, photo in enumerate(photos)]
            found, filled = ([mask.mean() for mask in masks] for masks in (
                [np.logical_or.reduce(list(result.masks.values())) for result in results],
                [result.mask for result in results]))
            cells.append(f"{np.mean(found):.2%} {np.mean(filled):.2%}; {np.max(filled):.2%}")
        print(f"| {sigma:g} | | {' | '.join(cells)} |", flush=True)


def restoration(photos, restorer, detector, sigma, kinds):
    """Whole-picture PSNR of doing nothing, of the true mask, and of --mask auto; means over the pictures."""
    rows = {}
    for kind in kinds:
        figures = []
        for number, photo in enumerate(photos):
            image, truth = damaged(photo, number, kind, sigma)
            if not truth.any():
                continue
            passes = TwoPasses(detector, Picture(image))
            auto = restorer.restore(Picture(image), passes.found.mask, find_more=passes.look_again).image
            best = restorer.restore(Picture(image), truth).image
            figures.append([psnr(photo, result) for result in (image, best, auto)])
        nothing, best, auto = np.mean(figures, axis=0)
        rows[kind] = (f"| {sigma:g} | {restorer.request} | {kind} | {nothing:.2f} | {best:.2f} | {auto:.2f} | "
                      f"{auto - nothing:+.2f} | {(auto - nothing) / (best - nothing):.0%} |")
    print("\n| noise | denoiser | damage | PSNR of doing nothing | with the true mask | with auto | gained | share |\n"
          + "|" + "---|" * 8 + "\n" + "\n".join(rows.values()), flush=True)


def orders(photos, restorer, detector, sigma):
    """Detect first, denoise first, and both in turns, on mixed damage."""
    figures = {"detect, then denoise": [], "denoise, then detect": [], "detect, denoise, detect again": []}
    counts = {name: Counts() for name in figures}
    for number, photo in enumerate(photos):
        image, truth = damaged(photo, number, MIXED, sigma)
        picture, nothing = Picture(image), np.zeros(truth.shape, bool)
        first = restorer.restore(picture, detector.find(picture).mask)
        denoised = restorer.restore(picture, nothing).denoised
        late = Restorer(denoiser="none").restore(Picture(denoised), detector.find(picture, denoised).mask)
        passes = TwoPasses(detector, picture)
        twice = restorer.restore(picture, passes.found.mask, find_more=passes.look_again)
        for name, result in zip(figures, (first, late, twice)):
            figures[name].append(psnr(photo, result.image))
            counts[name].add(result.mask, truth)
    print(f"\n| order, noise {sigma:g} | precision | recall | F1 | PSNR |\n|---|---|---|---|---|")
    for name, values in figures.items():
        precision, recall, f1, _ = counts[name].figures()
        print(f"| {name} | {precision:.2f} | {recall:.2f} | {f1:.2f} | {np.mean(values):.2f} |", flush=True)


def pictures(paths, detector, folder):
    """Before, what was found, and after, of really damaged pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    restorer = Restorer(denoiser="auto")
    for path in paths:
        picture = read_picture(path)
        passes = TwoPasses(detector, picture)
        result = restorer.restore(picture, passes.found.mask, find_more=passes.look_again)
        seen = comparison(picture, result.mask, result.image)
        width = picture.size[1]
        seen[:, width + 8:2 * width + 8] = marked(picture, result.mask, passes.found.masks)
        target = folder / f"{path.parent.name}_{path.stem}.png"
        write_picture(target, seen, like=Picture(seen))
        print(f"wrote {target}: {result.mask.mean():.1%} marked, {passes.found.pixels}", flush=True)


if __name__ == "__main__":
    main()
