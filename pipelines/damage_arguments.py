"""Arguments of the commands that look for damage, and what they mean."""

from __future__ import annotations

import argparse

from pipelines.damage.kinds import BOTH, DETECTORS, KINDS, DamageSettings

TOLERANCE = 50


def add_damage_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says how damage is looked for, and the marks of one colour that take its place."""
    group = parser.add_argument_group("damage")
    group.add_argument("--detector", default=BOTH, choices=DETECTORS,
                       help="learned: a network; classical: filters; both: the network, with what filters find and it "
                            "does not rule out (default: both)")
    group.add_argument("--kinds", type=_kinds, default=KINDS, metavar="KIND,...",
                       help=f"what to look for, some of {', '.join(KINDS)} (default: all)")
    group.add_argument("--sensitivity", type=_share, default=0.5, metavar="S",
                       help="from 0 (nothing is damage) to 1 (all that looks a little like it) (default: 0.5)")
    group.add_argument("--grow", type=_pixels, metavar="N",
                       help="pixels by which the mask reaches beyond what was found (default: by its edges' blur)")
    group.add_argument("--max-ratio", type=_ratio, default=0.5, metavar="R",
                       help="most of a picture that may be marked; only the likeliest is where it would be more "
                            "(default: 0.5)")
    group.add_argument("--detector-weights", default="default", metavar="NAME|FILE",
                       help="of the network: shipped, or detector.npz of python -m pipelines.train_damage")
    group.add_argument("--mask-color", type=_colour, metavar="R,G,B",
                       help="take for damage what was painted over in this colour, 0 to 255 each, and nothing else")
    group.add_argument("--tolerance", type=_level, default=TOLERANCE, metavar="T",
                       help=f"by how much each of R, G and B may differ from --mask-color (default: {TOLERANCE})")


def damage_settings(arguments: argparse.Namespace) -> DamageSettings:
    """The settings that parsed arguments ask for."""
    return DamageSettings(detector=arguments.detector, kinds=arguments.kinds, sensitivity=arguments.sensitivity,
                          grow=arguments.grow, max_ratio=arguments.max_ratio, weights=arguments.detector_weights)


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(part.strip() for part in text.split(","))
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise argparse.ArgumentTypeError(f"unknown kind {unknown[0]!r}; known: {', '.join(KINDS)}")
    return kinds


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, received: {text}")
    return value


def _ratio(text: str) -> float:
    value = _number(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number above 0 and at most 1, received: {text}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, received: {text}") from None


def _pixels(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 100):
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to 100, received: {text}")
    return int(text)


def _level(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 255):
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to 255, received: {text}")
    return int(text)


def _colour(text: str) -> tuple[int, int, int]:
    parts = text.split(",")
    if len(parts) != 3 or not all(part.strip().isdecimal() and int(part) <= 255 for part in parts):
        raise argparse.ArgumentTypeError(f"expected three whole numbers from 0 to 255 like 255,0,0, received: {text}")
    red, green, blue = map(int, parts)
    return red, green, blue
