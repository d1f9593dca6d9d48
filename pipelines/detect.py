"""`python -m pipelines.detect`: where pictures are damaged, as masks to look at, mend and restore with."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from pipelines import command
from pipelines.errors import InputError

SUFFIX = ".png"  # of masks and overlays


def _parser() -> argparse.ArgumentParser:
    parser = command.Parser(prog="python -m pipelines.detect", description=__doc__)
    parser.add_argument("--input", required=True, metavar="FILE|DIR|GLOB", help="damaged pictures")
    parser.add_argument("--output", required=True, metavar="MASK|DIR",
                        help="PNG mask to write, white = damaged; a folder for several, with the pictures' names")
    parser.add_argument("--overlay", metavar="FILE|DIR",
                        help="also write the picture with the damage in red; a folder for several")
    parser.add_argument("--allow-large", action="store_true", help="read pictures of more than 200 megapixels")
    command.add_common_arguments(parser)
    return parser


def _detect(arguments: argparse.Namespace) -> int:
    from pipelines.images import list_images  # NumPy and the rest load after the arguments are good

    sources = list_images(arguments.input)
    masks = _targets(arguments.output, sources, arguments.input)
    overlays = _targets(arguments.overlay, sources, arguments.input) if arguments.overlay else [None] * len(sources)
    if set(masks) & set(overlays):
        raise InputError(arguments.overlay, "is where the mask goes, too", "choose another --overlay")
    failures = 0
    for source, mask, overlay in zip(sources, masks, overlays):
        try:
            print(_detect_one(source, mask, overlay, arguments.allow_large))
        except (InputError, OSError, MemoryError) as error:
            if len(sources) == 1 or arguments.debug:
                raise
            failures += 1
            command.report_error(error)
    if failures:
        command.report_error(f"{failures} of {len(sources)} pictures could not be searched, see above")
    return command.SOME_FAILED if failures else command.DONE


def _detect_one(source: Path, mask: Path, overlay: Optional[Path], allow_large: bool) -> str:
    """Write what was asked for; returns what to tell about it."""
    from pipelines.comparison import marked
    from pipelines.damage import find_damage
    from pipelines.images import Picture, check_writable, read_picture, write_mask, write_picture

    picture = read_picture(source, allow_large=allow_large)
    written = [path for path in (mask, overlay) if path is not None]
    for path in written:  # said before the search, which takes a while
        check_writable(path, Picture(picture.pixels[0] if picture.is_stack else picture.pixels, path=picture.path))
    damage = find_damage(picture)
    write_mask(mask, damage)
    if overlay is not None:
        pixels = marked(picture, damage)
        write_picture(overlay, pixels, like=Picture(pixels))
    return f"wrote {', '.join(map(str, written))}: {damage.mean():.1%} marked"


def _targets(output: str, sources: list[Path], pattern: str) -> list[Path]:
    """The PNG file to write for each source, in folders that exist."""
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
