"""`python -m pipelines.evaluate`: how well systems restore pictures, on exactly repeatable inputs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Optional

from pipelines import command

SUITES = ("paper", "n2v-bsd68", "n2v-w2s")


def _parser() -> argparse.ArgumentParser:
    parser = command.Parser(prog="python -m pipelines.evaluate", description=__doc__)
    protocol = parser.add_argument_group("inputs")
    protocol.add_argument("--data", required=True, metavar="DIR|GLOB", help="undamaged pictures")
    protocol.add_argument("--output", required=True, metavar="DIR",
                          help="inputs, results, tables, plots; the same command goes on where it stopped")
    protocol.add_argument("--size", type=_count, metavar="N", help="cut a square of N pixels out of the middle of each")
    protocol.add_argument("--limit", type=_count, metavar="N", help="take the first N pictures only")
    protocol.add_argument("--noise", default="gaussian:25", metavar="KIND:LEVEL,...",
                          help="gaussian:SIGMA, poisson:PHOTONS, poisson-gaussian:PHOTONS:SIGMA, speckle:SIGMA, "
                               "salt-pepper:PERCENT, jpeg:QUALITY or none (default: gaussian:25)")
    protocol.add_argument("--masks", default="free-form:10-20", metavar="KIND[:LOW-HIGH]|DIR,...",
                          help="scratches, free-form, box, centre, irregular (ratios by turns) or none, with a share "
                               "of the picture in per cent; damage, as on old prints; or a folder of masks (default: "
                               "free-form:10-20)")
    protocol.add_argument("--resize-masks", action="store_true", help="resize masks of a folder to the pictures")
    systems = parser.add_argument_group("systems")
    systems.add_argument("--systems", metavar="A,B,...",
                         help="denoisers (n2v, nlm, bm3d) and inpainters (deepfill_v2, deepfill_v1, telea, "
                              "navier-stokes, biharmonic) joined by +, in the order of their work, or input; all are "
                              "compared to the first (default: see docs/evaluation.md)")
    systems.add_argument("--results", action="append", default=[], metavar="NAME=DIR",
                         help="measure what another program has made of the inputs; may be repeated")
    systems.add_argument("--denoiser", default="auto", metavar="auto|self|NAME|DIR",
                         help="what n2v stands for, as in pipelines.restore (default: auto)")
    systems.add_argument("--denoise-seconds", type=command.positive_number, default=600.0, metavar="S",
                         help="upper bound on its training for one picture; where it cuts in, results depend on the "
                              "machine's speed (default: 600)")
    systems.add_argument("--inpainter", default="default", metavar="NAME|FILE", help="weights of deepfill_v2")
    systems.add_argument("--v1-weights", metavar="FILE", help="weights of deepfill_v1, of which none are shipped")
    metrics = parser.add_argument_group("metrics")
    metrics.add_argument("--lpips", metavar="FILE.h5", help="weights of LPIPS, see python -m weights.convert --help")
    metrics.add_argument("--inception", default="auto", metavar="DIR|auto|none",
                         help="the network of FID; auto: fetched by TF-Hub, which keeps it (default: auto)")
    suites = parser.add_argument_group("suites")
    suites.add_argument("--suite", choices=SUITES,
                        help="paper: the published table's systems and figures; n2v-bsd68, n2v-w2s: benchmarks of the "
                             "denoiser alone, --data being the folder that holds train400 and bsd68, or w2s")
    suites.add_argument("--config", metavar="YAML", help="settings of the denoiser's training, in n2v-* suites")
    suites.add_argument("--fraction", type=command.positive_number, default=1.0, metavar="F",
                        help="share of the training's epochs to do, in n2v-* suites (default: 1)")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "gpu"), help="(default: auto)")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"), help="(default: float32)")
    command.add_common_arguments(parser)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, received: {text}")
    return int(text)


def _evaluate(arguments: argparse.Namespace) -> int:
    from pipelines.evaluation import denoising_suites, evaluation  # NumPy loads after the arguments are good

    if arguments.suite == "n2v-bsd68":
        return denoising_suites.run_bsd68(arguments)
    if arguments.suite == "n2v-w2s":
        return denoising_suites.run_w2s(arguments)
    return evaluation.run(arguments)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit code."""
    return command.run(_parser(), _evaluate, argv)


if __name__ == "__main__":
    sys.exit(main())
