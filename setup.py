"""What pyproject.toml cannot say: the description on an index page is README.md without links into the repository.

An index page has no files beside it, so such a link leads nowhere there; it becomes its words and the file's name.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import setup


def index_page(readme: str) -> str:
    """The text with relative links as words, and without relative pictures."""
    without_pictures = re.sub(r"!\[[^\]]*\]\((?!https?://)[^)]*\)\n*", "", readme)
    return re.sub(r"\[([^\]]*)\]\((?!https?://)([^)#]*)[^)]*\)", r"\1 (`\2`)", without_pictures)


if __name__ == "__main__":
    readme = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    setup(long_description=index_page(readme), long_description_content_type="text/markdown")
