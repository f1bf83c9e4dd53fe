"""How the documentation site is built: `make docs`, or `sphinx-build -W -n docs build/docs`."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "DYNAMAP"
author = "The DYNAMAP authors"
copyright = author
version = release = installed_version("dynamap")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "reference_pages"]
exclude_patterns = ["extensions", "generated/cli.md"]

# Formulas are text, and code blocks without a language (formulas, layouts) are not coloured.
highlight_language = "text"
smartquotes = False
myst_heading_anchors = 4
# The notebook is shown with the outputs that it has; a test executes it again and compares them.
nb_execution_mode = "off"
suppress_warnings = ["config.cache"]

# Single backticks in docstrings name things of this project: links where the name is found, code where it is not.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {
    "members": True,
    "undoc-members": True,
    "ignore-module-all": True,
    "exclude-members": "__init__, __new__",
}
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 100
napoleon_use_rtype = False
nitpicky = True
# Single backticks may hold any code; type variables are not described.
nitpick_ignore_regex = [
    ("py:obj", ".*"),
    ("py:class", r"(decimal|matplotlib)\..*"),
    ("py:class", r".*\b([A-Z]|Element|Result)"),
]
toc_object_entries = False

html_theme = "furo"
html_title = f"DYNAMAP {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
