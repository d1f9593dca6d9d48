"""What the user is told when weights cannot be used: one line, without a traceback."""

from __future__ import annotations

import os


class WeightsError(ValueError):
    """Weights, or a checkpoint to convert, cannot be used.

    Args:
        subject: The file, folder or name that is at fault.
        problem: What is wrong with it: expected and found.
        remedy: What to do about it.
    """

    def __init__(self, subject: str | os.PathLike[str], problem: str, remedy: str) -> None:
        self.subject = os.fspath(subject)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{self.subject}: {problem}; {remedy}")


def one_line(error: BaseException, limit: int = 200) -> str:
    """The message of a library's exception, on one line and not longer than `limit` characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else text[:limit - 3] + "..."
