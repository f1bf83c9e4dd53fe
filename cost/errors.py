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
