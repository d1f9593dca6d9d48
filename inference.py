"""`python inference.py --input X --mask Y [--output Z]`: `python -m pipelines.restore` with a default output.

Restored pictures go to restored/ under their own names. That of a JPEG becomes a PNG, since saving it as a
JPEG again would change pixels that were not restored.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines import restore

OUTPUT_FOLDER = Path("restored")


def with_output(arguments: Sequence[str]) -> list[str]:
    """Return `arguments`, with an `--output` that fits `--input` if there is none."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for option in ("--input", "--output"):
        parser.add_argument(option, nargs="?", const="")
    given, _ = parser.parse_known_args(arguments)
    if not given.input or given.output is not None:
        return list(arguments)  # what is missing, `pipelines.restore` says
    return [*arguments, "--output", str(default_output(Path(given.input)))]


def default_output(source: Path) -> Path:
    """Where the restored `source`, a picture, a folder or a pattern, goes."""
    if not source.is_file():
        return OUTPUT_FOLDER
    if source.suffix.lower() in (".jpg", ".jpeg"):
        return OUTPUT_FOLDER / f"{source.stem}.png"
    return OUTPUT_FOLDER / source.name


def main(argv: Sequence[str] | None = None) -> int:
    """Forward to `pipelines.restore` and return its exit code."""
    return restore.main(with_output(sys.argv[1:] if argv is None else argv))


if __name__ == "__main__":
    sys.exit(main())
