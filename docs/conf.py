"""Configuration of the documentation site, which ``make docs`` builds into ``docs/_build/html``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import prosocial

project = "prosocial"
author = "The prosocial authors"
project_copyright = author
version = release = prosocial.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "prosocial_docs",
]
exclude_patterns = ["_build", "_ext", "results/*/tables"]
templates_path: list[str] = []

# Markdown
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
smartquotes_action = "D"  # dashes; most quotes are those of code
highlight_language = "text"
copybutton_prompt_text = "$ "

# The reference
default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"show-inheritance": True}
napoleon_numpy_docstring = False
napoleon_use_ivar = True
toc_object_entries = False  # thousands of them in the navigation of every page
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

# Every reference must lead somewhere, but to other projects, whose pages are not at hand: nothing
# is fetched when the site is built. A word in single backticks is a link only where there is
# something of that name.
nitpicky = True
_STANDARD = "abc argparse ast asyncio collections datetime enum logging os pathlib re socket types"
_OTHERS = (
    "filelock gymnasium matplotlib np numpy nn omegaconf pettingzoo polars ray scipy starlette"
    " torch uvicorn"
)
nitpick_ignore_regex = [
    (r"py:obj", r".*"),
    (r"py:\w+", rf"({'|'.join([*_STANDARD.split(), *_OTHERS.split()])})\..*"),
    (r"py:\w+", r"prosocial\..*\.(_\w+|[A-Z])"),  # private bases, type variables
    (r"py:class", r"prosocial\.analysis\.experiments\.verdicts\.Judge"),  # a type variable
]

html_theme = "furo"
html_title = f"prosocial {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
