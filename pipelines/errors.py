"""Errors that a user can mend: one line, without a traceback."""

from __future__ import annotations

import os


class InputError(ValueError):
    """Something that the user gave cannot be used.

    Args:
        subject: The file, folder or option that is at fault.
        problem: What is wrong with it: expected and found.
        remedy: What to do about it.
    """

    def __init__(self, subject: str | os.PathLike[str], problem: str, remedy: str) -> None:
        self.subject = os.fspath(subject)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{self.subject}: {problem}; {remedy}")
