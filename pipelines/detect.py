"""`python -m pipelines.detect`: where pictures are damaged, as masks to look at, mend and restore with."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Optional

from pipelines import command
from pipelines.damage_arguments import add_damage_arguments, damage_settings
from pipelines.errors import InputError

if TYPE_CHECKING:
    from pipelines.damage import DamageDetector

SUFFIX = ".png"  # of all that is written


class Target(NamedTuple):
    """Where the results for one picture go; None: not asked for."""

    mask: Path
    overlay: Optional[Path]
    likelihood: Optional[Path]


def _parser() -> argparse.ArgumentParser:
    parser = command.Parser(prog="python -m pipelines.detect", description=__doc__)
    parser.add_argument("--input", required=True, metavar="FILE|DIR|GLOB", help="damaged pictures")
    parser.add_argument("--output", required=True, metavar="MASK|DIR",
                        help="PNG mask to write, white = damaged; a folder for several, with the pictures' names")
    parser.add_argument("--overlay", metavar="FILE|DIR",
                        help="also write the picture with the damage in colour, each kind in its own; a folder for "
                             "several")
    parser.add_argument("--likelihood", metavar="FILE|DIR",
                        help="also write how likely each pixel is damaged, black to white; a folder for several")
    parser.add_argument("--allow-large", action="store_true", help="read pictures of more than 200 megapixels")
    add_damage_arguments(parser)
    command.add_common_arguments(parser)
    return parser


def _detect(arguments: argparse.Namespace) -> int:
    from pipelines.damage import DamageDetector  # NumPy and the rest load after the arguments are good
    from pipelines.images import list_images

    if arguments.mask_color is not None and arguments.likelihood is not None:
        raise InputError("--likelihood", "is of what detectors find, and --mask-color needs none", "leave one out")
    sources = list_images(arguments.input)
    targets = _targets(arguments, sources)
    detector = None if arguments.mask_color is not None else DamageDetector(damage_settings(arguments))
    failures = 0
    for source, target in zip(sources, targets):
        try:
            _detect_one(source, target, detector, arguments)
        except (InputError, OSError, MemoryError) as error:
            if len(sources) == 1 or arguments.debug:
                raise
            failures += 1
            command.report_error(error)
    if failures:
        command.report_error(f"{failures} of {len(sources)} pictures could not be searched, see above")
    return command.SOME_FAILED if failures else command.DONE


def _detect_one(source: Path, target: Target, detector: Optional[DamageDetector], arguments: argparse.Namespace
                ) -> None:
    """Write what was asked for, and say what it was."""
    import numpy as np

    from pipelines.comparison import marked
    from pipelines.damage import marked_by_colour
    from pipelines.images import Picture, check_writable, read_picture, write_mask, write_picture

    picture = read_picture(source, allow_large=arguments.allow_large)
    written = [path for path in target if path is not None]
    for path in written:  # said before the search, which takes a while
        check_writable(path, Picture(picture.pixels[0] if picture.is_stack else picture.pixels, path=picture.path))
    if detector is None:
        mask = marked_by_colour(picture, arguments.mask_color, arguments.tolerance, arguments.grow)
        masks, told = {"marks": mask}, ""
    else:
        found = detector.find(picture)
        mask, masks = found.mask, found.masks
        counts = [f"{kind} {count}" for kind, count in found.pixels.items() if count]
        told = f" ({', '.join(counts)} pixels)" if counts else ""
        for warning in found.warnings:
            command.report_warning(f"{source}: {warning}")
        if target.likelihood is not None:
            pixels = np.rint(found.likelihood * 255).astype(np.uint8)
            write_picture(target.likelihood, pixels, like=Picture(pixels))
    write_mask(target.mask, mask)
    if target.overlay is not None:
        pixels = marked(picture, mask, masks)
        write_picture(target.overlay, pixels, like=Picture(pixels))
    print(f"wrote {', '.join(map(str, written))}: {mask.mean():.1%} marked{told}", flush=True)


def _targets(arguments: argparse.Namespace, sources: list[Path]) -> list[Target]:
    """Where everything goes, for each source, in folders that exist."""
    outputs = {"--output": arguments.output, "--overlay": arguments.overlay, "--likelihood": arguments.likelihood}
    columns: list[list[Optional[Path]]] = []
    taken: dict[Path, str] = {}
    for option, output in outputs.items():
        paths: list[Optional[Path]] = [None] * len(sources)
        if output is not None:
            paths = [*_pngs(output, sources, arguments.input)]
        for path in paths:
            if path is not None and taken.setdefault(path, option) != option:
                raise InputError(output, f"is where {taken[path]} goes, too", f"choose another {option}")
        columns.append(paths)
    return [Target(*row) for row in zip(*columns)]


def _pngs(output: str, sources: list[Path], pattern: str) -> list[Path]:
    """The PNG file for each source, in folders that exist."""
    from pipelines.images import make_folder, output_paths

    targets = output_paths(sources, pattern, output, suffix=SUFFIX)
    if targets[0].suffix.lower() != SUFFIX:
        raise InputError(output, "masks and overlays are written as PNG", f"end the name with {SUFFIX}")
    for folder in {target.parent for target in targets}:
        make_folder(folder)
    return targets


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit code."""
    return command.run(_parser(), _detect, argv)


if __name__ == "__main__":
    sys.exit(main())
