"""Tables with a row for each step, of runs that may be killed and gone on with."""

from __future__ import annotations

from pathlib import Path

from pipelines.portable.state_files import replace_file


def drop_rows_after(path: Path, step: int) -> None:
    """Forget the rows after what training goes on from, whose steps are done again, and one cut short.

    Args:
        path: CSV file with a header, whose first column is the step; it may be missing.
        step: Steps done.
    """
    if path.exists():
        header, *rows = path.read_bytes().splitlines(keepends=True) or [b""]
        kept = [row for row in rows if row.endswith(b"\n") and int(row.partition(b",")[0]) <= step]
        replace_file(path, b"".join([header, *kept] if header.endswith(b"\n") else []))
