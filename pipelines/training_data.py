"""Pictures to train on and pictures to validate on, from what a user names."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from pipelines.command import report_warning
from pipelines.errors import InputError
from pipelines.image_files.atomic import replacing

if TYPE_CHECKING:
    from deepfill_tf.config import DeepFillConfig

SKIPPED_FILE = "skipped.json"
EXAMPLES = 4         # pictures to look at where none are set aside
LEAST_SET_ASIDE = 10  # files of which one is set aside


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """Where training and validation pictures come from.

    Args:
        source: What is trained on, see `deepfill_tf.sources`.
        validation: What is validated on, or None.
        validation_images: How many of them to take.
    """

    source: Any
    validation: Any
    validation_images: int

    def find_corrupt(self, folder: Path) -> dict[str, str]:
        """Path and reason of each corrupt file, which a warning counts and names.

        Args:
            folder: Of the run; what it remembers is not looked for again.

        Raises:
            InputError: If more than 1 % are corrupt.
        """
        from tqdm import tqdm

        from deepfill_tf.image_check import named

        if (folder / SKIPPED_FILE).exists():
            return json.loads((folder / SKIPPED_FILE).read_text(encoding="utf-8"))
        sources = [source for source in (self.source, self.validation) if source is not None]
        count = sum(source.count for source in sources)
        corrupt = []
        with tqdm(total=count, unit="file", desc="checking", disable=None, file=sys.stderr) as bar:
            for source in sources:
                try:
                    corrupt += source.find_corrupt(progress=bar.update)
                except ValueError as error:
                    raise InputError("--data", str(error), "repair or remove them") from error
        if corrupt:
            report_warning(f"{len(corrupt)} of {count} pictures cannot be decoded and are skipped (all are in "
                           f"{SKIPPED_FILE}): {named(corrupt)}")
        return dict(corrupt)

    def without(self, corrupt: Mapping[str, str]) -> TrainingData:
        """The same without some files; then, where no validation was named, some of the rest are set aside."""
        source = self.source.without(corrupt)
        if self.validation is not None:
            return dataclasses.replace(self, source=source, validation=self.validation.without(corrupt))
        count = min(self.validation_images, source.count // LEAST_SET_ASIDE)
        if not count or not hasattr(source, "paths"):
            return dataclasses.replace(self, source=source)
        aside = source.paths[::source.count // count][:count]
        rest = source.without(aside)
        return TrainingData(rest, source.without(rest.paths), count)

    def describe(self) -> str:
        """What there is, in a line."""
        if self.validation is None:
            return f"{self.source.describe()}, none to validate on"
        return f"{self.source.describe()}, {min(self.validation_images, self.validation.count)} others to validate on"

    def examples(self) -> list[Any]:
        """The validation's pictures, uint8 (H, W, 3 or 4); a few of those trained on where there is none."""
        source, count = ((self.source, EXAMPLES) if self.validation is None
                         else (self.validation, self.validation_images))
        return [image.numpy() for _, image in source.images(0, 0).take(min(count, source.count))]


def remember(corrupt: Mapping[str, str], folder: Path) -> None:
    """Keep in a run's folder which files are skipped, so that they need not be looked for again."""
    with replacing(folder / SKIPPED_FILE) as temporary:
        temporary.write_text(json.dumps(dict(corrupt), indent=2) + "\n", encoding="utf-8")


def open_data(data: str, validation: Optional[str], settings: DeepFillConfig, edges: Optional[str] = None
              ) -> TrainingData:
    """Find the pictures.

    Args:
        data: What to train on, see `deepfill_tf.sources.open_source`.
        validation: What to validate on, likewise; None has some of `data` set aside, if they are image files.
        settings: Crop size and number of validation pictures.
        edges: Folder of a drawing for each picture of `data`, of the same name or stem; None has them detected.

    Raises:
        InputError: If there are no pictures, if a drawing is missing, or if arguments contradict one another.
    """
    if validation is not None and not settings.validation_images:
        raise InputError("--validation", "cannot be used with validation_images: 0", "raise it in --config")
    if validation is not None and edges is not None:
        raise InputError("--edges", "are those of --data, and --validation has none", "leave --validation out: "
                         "some of --data are set aside then, with their edges")
    source = _open("--data", data, settings.image_size)
    if edges is not None:
        source = _with_edges(source, data, Path(edges), settings)
    other = None if validation is None else _open("--validation", validation, settings.image_size)
    return TrainingData(source, other, settings.validation_images)


def _with_edges(source: Any, data: str, folder: Path, settings: DeepFillConfig) -> Any:
    from pipelines.images import counterpart

    if not settings.guided or not hasattr(source, "paths"):
        raise InputError("--edges", "are for a guided network and image files", "set guided: true in --config, or "
                         "leave --edges out")
    return dataclasses.replace(source, edges=tuple(str(counterpart(folder, Path(path), data))
                                                   for path in source.paths))


def _open(option: str, data: str, smallest: int) -> Any:
    from deepfill_tf.sources import open_source

    try:
        return open_source(data, smallest=smallest)
    except (ValueError, OSError) as error:
        raise InputError(option, str(error), f"correct {option}") from error
