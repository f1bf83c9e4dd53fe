"""The command line: every command of ``dynamap``, and the rule that no traceback reaches a user."""

from __future__ import annotations

import os
import sys

from dynamap.cost.errors import DynamapError


def main() -> None:
    """Entry point of ``dynamap``: exit status 0 done, 1 the answer is no, 2 the input or the call is wrong."""
    from dynamap.cli.app import app

    try:
        app()
    except DynamapError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:
        if os.environ.get("DYNAMAP_DEBUG"):
            raise
        print(
            f"internal error: {type(error).__name__}: {error}\n"
            "This is a defect of dynamap, not of your input. Set DYNAMAP_DEBUG=1 to see where it happened.",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
