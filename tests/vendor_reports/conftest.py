"""Lets the tests of this folder import ``report_samples``, and gives them its projects."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from report_samples import Project, make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Makes a project's folder: ``project("zcu104", {"build/hls/csynth.xml": "csynth_2023.2.xml"})``."""
    return make_project(tmp_path / "project")
