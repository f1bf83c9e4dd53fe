"""The fixtures of all tests, each in a module of the package ``support`` beside what it is made of."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

pytest_plugins = [
    "support.browser",
    "support.command_line",
    "support.onnx_models",
    "support.programs",
    "support.python_host",
    "support.report_samples",
    "support.reports",
    "support.rtl_simulations",
    "support.small_plans",
    "support.sources",
]
pytest.register_assert_rewrite("support")

# A shell has its background jobs ignore Ctrl-C, and so would everything that the tests start and end by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def answers_to_signals() -> Iterator[None]:
    """A command that is interrupted ignores signals from then on; where it ran in this process, later tests do not."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, answer in before.items():
        signal.signal(number, answer)
