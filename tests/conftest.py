"""The fixtures of all tests, each in a module of the package ``support`` beside what it is made of."""

from __future__ import annotations

import pytest

pytest_plugins = [
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
