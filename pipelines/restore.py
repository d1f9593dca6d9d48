"""`python -m pipelines.restore`: noisy, damaged pictures in, clean and whole ones out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from pipelines import command
from pipelines.damage_arguments import add_damage_arguments


def _parser() -> argparse.ArgumentParser:
    parser = command.Parser(prog="python -m pipelines.restore", description=__doc__)
    files = parser.add_argument_group("files")
    files.add_argument("--input", required=True, metavar="FILE|DIR|GLOB", help="noisy, damaged pictures")
    files.add_argument("--output", required=True, metavar="FILE|DIR",
                       help="where the restored pictures go; a folder for several, with their names")
    files.add_argument("--mask", metavar="FILE|DIR|auto|none",
                       help="white where the picture is damaged; DIR: a mask of the same name for each picture; "
                            "auto: find the damage; none: denoise only (default: auto)")
    files.add_argument("--mask-invert", action="store_true", help="the masks are black where it is damaged")
    files.add_argument("--edges", metavar="FILE|DIR|auto",
                       help="sketch for guided weights as --inpainter, of the picture's size: white lines where edges "
                            "should be in the holes (above 0.6 of white); DIR: a sketch of the same name for each "
                            "picture; auto: the edges of the picture as it is, its damage included (default: nothing "
                            "is drawn)")
    files.add_argument("--save-mask", action="store_true", help="also write NAME_mask.png")
    files.add_argument("--compare", action="store_true", help="also write NAME_compare.png: before, mask, after")
    files.add_argument("--report", metavar="FILE.json", type=Path,
                       help="also write versions, noise, hole ratio, seconds and memory")
    files.add_argument("--allow-large", action="store_true", help="read pictures of more than 200 megapixels")
    work = parser.add_argument_group("restoration")
    work.add_argument("--denoiser", default="auto", metavar="auto|none|self|NAME|DIR",
                      help="none: inpaint only; self: train on each picture; auto: measure the noise first; or a "
                           "model (default: auto)")
    work.add_argument("--denoise-seconds", type=command.positive_number, default=60.0, metavar="S",
                      help="upper bound on training for one picture (default: 60)")
    work.add_argument("--inpainter", default="default", metavar="NAME|FILE",
                      help="shipped weights, a .h5 or .keras file, telea, navier-stokes or biharmonic (default: "
                           "shipped weights, chosen by the width of the holes)")
    work.add_argument("--strategy", default="auto", choices=("auto", "native", "pyramid"),
                      help="native: fill at full size; pyramid: at a fraction of it first, then with the picture's own "
                           "detail; auto: that for holes wider than 128 pixels (default: auto)")
    work.add_argument("--window", type=int, metavar="PIXELS",
                      help="fill large pictures in windows of that side, 512 or more: faster, but a window sees no "
                           "further (default: the picture as a whole, if it fits into the memory)")
    work.add_argument("--memory-limit", type=_bytes, metavar="6G",
                      help="bound for the memory of the whole command (default: what is free, less a margin)")
    work.add_argument("--plan", action="store_true",
                      help="only tell how the holes would be filled, and what it takes in memory and time")
    work.add_argument("--device", default="auto", choices=("auto", "cpu", "gpu"), help="(default: auto)")
    work.add_argument("--precision", default="float32", choices=("float32", "bfloat16"), help="(default: float32)")
    add_damage_arguments(parser)
    command.add_common_arguments(parser)
    return parser


def _bytes(text: str) -> int:
    from pipelines.machine import parse_bytes

    try:
        return parse_bytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _restore(arguments: argparse.Namespace) -> int:
    from pipelines.restore_files import plan_files, restore_files  # NumPy loads after the arguments are good

    return plan_files(arguments) if arguments.plan else restore_files(arguments)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit code."""
    return command.run(_parser(), _restore, argv)


if __name__ == "__main__":
    sys.exit(main())
