"""The errors that a user can cause, and what each means for the exit status."""

from __future__ import annotations


class DynamapError(Exception):
    """Base of every error whose message is written for the user who must act.

    The message names what was found, what is accepted, and what to try. The
    command line prints it without a traceback and exits with ``exit_status``.
    """

    exit_status = 2


class InputError(DynamapError):
    """A file, a model, a device or an option is wrong (exit status 2)."""


class InfeasibleError(DynamapError):
    """The question is well posed and its answer is no (exit status 1)."""

    exit_status = 1


class TimeLimitError(InfeasibleError):
    """Nothing was found in the time that was given, which proves nothing."""


def in_words(error: Exception) -> str:
    """What an error says, in one line: of the system's without its number and its file, which the message names.

    >>> in_words(FileNotFoundError(2, "No such file or directory", "a"))
    'No such file or directory'
    """
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(said.split()) or type(error).__name__
