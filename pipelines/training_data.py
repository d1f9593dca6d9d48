"""Pictures to train on and pictures to validate on, from what a user names."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from pipelines.command import report_warning
from pipelines.errors import InputError
from pipelines.image_files.atomic import replacing

if TYPE_CHECKING:
    from deepfill_tf.config import DeepFillConfig

SKIPPED_FILE = "skipped.json"
EXAMPLES = 4  # pictures to look at where none are set aside
NAMED = 5     # corrupt files that a warning names


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """Where training and validation pictures come from.

    Args:
        source: What is trained on, see `deepfill_tf.sources`.
        validation: What was set aside, or None.
        validation_images: How many of them to take.
    """

    source: Any
    validation: Any
    validation_images: int

    def checked(self, folder: Optional[Path]) -> TrainingData:
        """The same without corrupt files, which a warning counts and names; a run folder remembers them.

        Raises:
            InputError: If more than 1 % are corrupt.
        """
        from tqdm import tqdm

        record = None if folder is None else folder / SKIPPED_FILE
        if record is not None and record.exists():
            skipped = json.loads(record.read_text(encoding="utf-8"))
            return dataclasses.replace(self, source=self.source.without(skipped))
        with tqdm(total=self.source.count, unit="file", desc="checking", disable=None, file=sys.stderr) as bar:
            try:
                source, corrupt = self.source.checked(progress=bar.update)
            except ValueError as error:
                raise InputError("--data", str(error), "repair or remove them") from error
        if corrupt:
            named = ", ".join(f"{path} ({reason})" for path, reason in corrupt[:NAMED])
            report_warning(f"{len(corrupt)} of {self.source.count} pictures cannot be decoded and are skipped: {named}"
                           + (f" and more, see {record}" if len(corrupt) > NAMED else ""))
        if record is not None:
            with replacing(record) as temporary:
                temporary.write_text(json.dumps(dict(corrupt), indent=2) + "\n", encoding="utf-8")
        return dataclasses.replace(self, source=source)

    def examples(self) -> list[Any]:
        """The validation's pictures, uint8 (H, W, 3); a few of those trained on where there is none."""
        source, count = ((self.source, EXAMPLES) if self.validation is None
                         else (self.validation, self.validation_images))
        return [image.numpy() for _, image in source.images(0, 0).take(min(count, source.count))]


def open_data(data: str, validation: Optional[str], settings: DeepFillConfig, edges: Optional[str] = None
              ) -> TrainingData:
    """Find the pictures and set the validation's aside.

    Args:
        data: What to train on, see `deepfill_tf.sources.open_source`.
        validation: What to validate on, likewise; None sets some of `data` aside, if they are image files.
        settings: Crop size and number of validation pictures.
        edges: Folder of a drawing for each picture of `data`, of the same name or stem; None has them detected.

    Raises:
        InputError: If there are no pictures, if a drawing is missing, or if the network to train takes none.
    """
    source = _open("--data", data, settings.image_size)
    if edges is not None:
        source = _with_edges(source, data, Path(edges), settings)
    if validation is not None:
        return TrainingData(source, _open("--validation", validation, settings.image_size),
                            settings.validation_images)
    count = min(settings.validation_images, source.count // 10)
    if not count or not hasattr(source, "paths"):
        return TrainingData(source, None, 0)
    aside = source.paths[::source.count // count][:count]
    rest = source.without(aside)
    return TrainingData(rest, source.without(rest.paths), count)


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
