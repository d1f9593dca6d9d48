"""The degraded inputs: written once, with their hashes, so that any program can be run on the very same files."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np
from tqdm import tqdm

from pipelines import command
from pipelines.errors import InputError
from pipelines.evaluation.holes import Holes
from pipelines.evaluation.noise import Noise
from pipelines.evaluation.records import write_json
from pipelines.images import Picture, list_images, make_folder, mirrored_name, read_picture, write_mask, write_picture

MANIFEST, TRUTH, INPUTS, MASKS = "manifest.json", "truth", "inputs", "masks"


@dataclasses.dataclass(frozen=True)
class Condition:
    """One kind of noise with one kind of damage."""

    noise: Noise
    holes: Holes

    @property
    def name(self) -> str:
        """Of its folders."""
        return f"{self.noise.name}_{self.holes.name}".replace(":", "-")


@dataclasses.dataclass(frozen=True)
class Case:
    """One picture under one condition; the files lie in the output folder."""

    condition: str
    picture: str
    truth: Path
    input: Path
    mask: Path
    hole_ratio: float

    @property
    def file(self) -> Path:
        """Where results of this case lie, below a folder for each system."""
        return Path(self.condition, f"{self.picture}.png")


@dataclasses.dataclass(frozen=True)
class Protocol:
    """What decides about the inputs.

    Args:
        data: The clean pictures, DIR or GLOB.
        conditions: At least one.
        size: Side of the square that is cut out of the middle; None takes pictures as they are.
        limit: Most pictures; None takes all.
        seed: Of noise and masks.
    """

    data: str
    conditions: tuple[Condition, ...]
    size: Optional[int]
    limit: Optional[int]
    seed: int


def prepare(protocol: Protocol, folder: Path) -> tuple[list[Case], int]:
    """Write truth/, inputs/, masks/ and manifest.json below `folder`, unless an earlier run has done so.

    Returns:
        The cases, condition after condition, and how many pictures cannot be used; these have been reported.

    Raises:
        InputError: If no picture can be used, or the folder's inputs were made from others.
    """
    sources = list_images(protocol.data)[:protocol.limit]
    manifest = _existing(protocol, sources, folder) or _write(protocol, sources, folder)
    for skipped in manifest["skipped"]:
        command.report_error(f"{skipped['source']}: {skipped['problem']}")
    cases = [Case(entry["condition"], entry["picture"], folder / TRUTH / f"{entry['picture']}.png",
                  folder / entry["input"], folder / entry["mask"], entry["hole_ratio"]) for entry in manifest["cases"]]
    if not cases:
        raise InputError(protocol.data, "holds no picture that can be used, see above", "give undamaged pictures")
    return cases, len(manifest["skipped"])


def sha256(path: Path) -> str:
    """Of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def picture_name(path: Path, pattern: str) -> str:
    """What a picture is called, whatever its suffix: "deep/first"."""
    return mirrored_name(path, pattern).with_suffix("").as_posix()


def _described(protocol: Protocol) -> dict[str, Any]:
    return {"size": protocol.size, "seed": protocol.seed, "conditions": {
        condition.name: {"noise": condition.noise.name, "masks": condition.holes.name}
        for condition in protocol.conditions}}


def _existing(protocol: Protocol, sources: Sequence[Path], folder: Path) -> Optional[dict[str, Any]]:
    """The manifest of an earlier run, if there is one and its files are as it says."""
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        files = {entry[kind]: entry[f"{kind}_sha256"] for entry in manifest["cases"] for kind in ("input", "mask")}
        files.update({f"{TRUTH}/{entry['picture']}.png": entry["truth_sha256"] for entry in manifest["pictures"]})
        made_from = {entry["source"]: entry["source_sha256"] for entry in manifest["pictures"]}
        known = {*made_from, *(entry["source"] for entry in manifest["skipped"])}
        protocol_then = manifest["protocol"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(path, "is not the manifest of an evaluation", "choose another --output") from error
    found = {mirrored_name(source, protocol.data).as_posix(): source for source in sources}
    if protocol_then != _described(protocol) or known != set(found) or any(
            sha256(found[name]) != digest for name, digest in made_from.items()):
        raise InputError(path, "was made from other pictures, noise or masks", "choose another --output")
    intact = all((folder / name).is_file() and sha256(folder / name) == digest for name, digest in files.items())
    return manifest if intact else None


def _write(protocol: Protocol, sources: Sequence[Path], folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = {"protocol": _described(protocol), "pictures": [], "cases": [], "skipped": []}
    names: dict[str, Path] = {}
    for position, source in enumerate(tqdm(sources, desc="inputs", unit="picture", disable=None, file=sys.stderr)):
        name, label = picture_name(source, protocol.data), mirrored_name(source, protocol.data).as_posix()
        if (other := names.setdefault(name, source)) != source:
            raise InputError(source, f"has the name of {other} but for the suffix", "rename one of the two")
        try:
            truth = _clean(source, protocol.size)
            made = [(condition, *_degraded(protocol, condition, truth, name, position))
                    for condition in protocol.conditions]
        except InputError as error:
            manifest["skipped"].append({"source": label, "problem": f"{error.problem}; {error.remedy}"})
            continue
        manifest["pictures"].append({
            "picture": name, "source": label, "source_sha256": sha256(source), "size": list(truth.shape[:2]),
            "truth_sha256": _put(folder / TRUTH / f"{name}.png", truth)})
        for condition, degraded, mask in made:
            entry = {"condition": condition.name, "picture": name, "hole_ratio": float(mask.mean())}
            for kind, parent, pixels in (("input", INPUTS, degraded), ("mask", MASKS, mask)):
                entry[kind] = f"{parent}/{condition.name}/{name}.png"
                entry[f"{kind}_sha256"] = _put(folder / str(entry[kind]), pixels)
            manifest["cases"].append(entry)
    order = [condition.name for condition in protocol.conditions]
    manifest["cases"].sort(key=lambda entry: order.index(entry["condition"]))
    write_json(folder / MANIFEST, manifest)
    return manifest


def _put(path: Path, pixels: np.ndarray) -> str:
    """Write a picture, or a bool mask; returns the file's hash."""
    make_folder(path.parent)
    if pixels.dtype == bool:
        write_mask(path, pixels)
    else:
        write_picture(path, pixels, like=Picture(pixels))
    return sha256(path)


def _clean(path: Path, side: Optional[int]) -> np.ndarray:
    """uint8 (H, W) or (H, W, 3), without alpha; the middle square of `side` pixels."""
    picture = read_picture(path)
    if picture.is_stack:
        raise InputError(path, f"is a stack of {len(picture.pixels)} planes", "give single pictures")
    low, high = picture.value_range
    pixels = picture.pixels
    if pixels.dtype != np.uint8:
        pixels = np.rint((pixels.astype(np.float64) - low) * (255 / (high - low))).clip(0, 255).astype(np.uint8)
    if side is None:
        return pixels
    if min(picture.size) < side:
        raise InputError(path, f"is of {picture.size[1]} x {picture.size[0]} pixels, smaller than --size {side}",
                         "give larger pictures or a smaller --size")
    top, left = ((extent - side) // 2 for extent in picture.size)
    return np.ascontiguousarray(pixels[top:top + side, left:left + side])


def _degraded(protocol: Protocol, condition: Condition, truth: np.ndarray, name: str, position: int
              ) -> tuple[np.ndarray, np.ndarray]:
    """The degraded picture and its mask."""
    noise = functools.partial(condition.noise.apply, seed=protocol.seed, name=name)
    degraded, mask = condition.holes.damage(truth, noise, seed=protocol.seed, name=name, position=position)
    if mask.all():
        raise InputError(name, f"{condition.holes.name} leaves nothing of it", "give larger pictures or smaller holes")
    return degraded, mask
