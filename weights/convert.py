"""`python -m weights.convert`: foreign weights into files that the restoration and the evaluation take."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from weights.errors import one_line

DONE, BAD_INPUT, INTERRUPTED = 0, 2, 130

DESCRIPTION = """\
Convert weights of DeepFill v2, guided or not, or of v1 into a .h5 file for --inpainter FILE.

CHECKPOINT is the official TensorFlow 1 checkpoint (its prefix, .index file or folder; a training's will do)
or, of v2, the PyTorch port's state dict (.pth), which is read without running anything that is in it.
The official weights are licensed CC BY-NC 4.0: for non-commercial use only, converted or not.

--what lpips makes the weights of the metric LPIPS (AlexNet, version 0.1) for pipelines.evaluate --lpips FILE: of
torchvision's alexnet-owt-7be5be79.pth and, from the package lpips, weights/v0.1/alex.pth, joined by a comma."""


def main(argv: Sequence[str] | None = None) -> int:
    """Convert what the arguments name.

    Returns:
        0 when the file was written, 2 when something was wrong with the input, 130 when interrupted.
    """
    parser = argparse.ArgumentParser(prog="python -m weights.convert", description=DESCRIPTION,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=("generator", "lpips"), default="generator",
                        help="what the source holds (default: generator)")
    parser.add_argument("--source", required=True, metavar="CHECKPOINT",
                        help="what to convert; for lpips: ALEXNET.pth,LINEAR.pth")
    parser.add_argument("--output", required=True, metavar="FILE.h5", help="where to write it")
    parser.add_argument("--channels", choices=("bgr", "rgb"), default="bgr",
                        help="colour order of the source's network (default: bgr, the official one's and "
                             "that of a state dict merely transposed from it; rgb for one trained in RGB)")
    parser.add_argument("--seed", type=int, default=0, metavar="N",
                        help="as in every command; nothing here is random")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    arguments = parser.parse_args(argv)
    try:
        (_convert_lpips if arguments.what == "lpips" else _convert)(arguments)
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, OSError, MemoryError) as error:
        if arguments.debug:
            raise
        print(f"error: {one_line(error, limit=2000)}", file=sys.stderr, flush=True)
        return BAD_INPUT
    return DONE


def _convert(arguments: argparse.Namespace) -> None:
    # What matters of TensorFlow's messages arrives as an exception; the rest is its start-up chatter.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from weights.conversion import convert_checkpoint
    from weights.generator_file import ARCHITECTURES

    conversion = convert_checkpoint(arguments.source, arguments.output, channels=arguments.channels)
    checkpoint = conversion.checkpoint
    network = ("guided " if conversion.guided else "") + ARCHITECTURES[conversion.architecture]
    print(f"source: {checkpoint.path} ({checkpoint.kind}, {network}, {conversion.channels.upper()})")
    print(f"licence of the source: {checkpoint.licence}")
    if checkpoint.ignored:
        print(f"ignored: {', '.join(checkpoint.ignored)}")
    print(f"wrote {arguments.output}: {conversion.variables} variables, "
          f"{conversion.parameters:,} parameters, RGB")


def _convert_lpips(arguments: argparse.Namespace) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from weights.errors import WeightsError
    from weights.lpips_conversion import convert_lpips

    sources = arguments.source.split(",")
    if len(sources) != 2:
        raise WeightsError(arguments.source, "should name two files", "give ALEXNET.pth,LINEAR.pth as --source")
    alexnet, linear = sources
    parameters = convert_lpips(alexnet, linear, arguments.output)
    print(f"wrote {arguments.output}: LPIPS, AlexNet, {parameters:,} parameters")


if __name__ == "__main__":
    sys.exit(main())
