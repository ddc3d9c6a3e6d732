"""The API reference: one page a package, with a section for each of its public modules."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from .files import remove_others, write_if_changed

ROOT = "prosocial"
# The commands have a page of their own, which shows their help; conf holds YAML files alone.
LEFT_OUT = ("prosocial.runs", "prosocial.conf", "prosocial.__main__")

_INDEX = """\
API reference
=============

One page a package. A package offers the names in its table; other modules are imported by their own
names. What begins with an underscore is private.

.. toctree::
   :titlesonly:

{entries}
"""


def public_modules() -> list[str]:
    """Returns the names of all modules and packages of the reference, sorted."""
    package = importlib.import_module(ROOT)
    found = [ROOT, *(m.name for m in pkgutil.walk_packages(package.__path__, f"{ROOT}."))]
    return sorted(name for name in found if not _left_out(name))


def _left_out(name: str) -> bool:
    private = any(part.startswith("_") for part in name.split("."))
    return private or any(name == left or name.startswith(f"{left}.") for left in LEFT_OUT)


def write_pages(docs: Path) -> None:
    """Writes ``docs/reference/``: an index and a page for each package."""
    names = public_modules()
    packages = [name for name in names if hasattr(importlib.import_module(name), "__path__")]
    folder = docs / "reference"
    for package in packages:
        modules = [n for n in names if n.rpartition(".")[0] == package and n not in packages]
        write_if_changed(folder / f"{package}.rst", page(package, modules))
    entries = "\n".join(f"   {package}" for package in packages)
    write_if_changed(folder / "index.rst", _INDEX.format(entries=entries))
    remove_others(folder, {"index.rst", *(f"{package}.rst" for package in packages)})


def page(package: str, modules: list[str]) -> str:
    """Returns the page of a package.

    Args:
        package: Its name.
        modules: Names of its public modules, packages left out.
    """
    module = importlib.import_module(package)
    own, offered = _offered(module)
    members = f"   :members: {', '.join(own)}\n" if own else "   :no-members:\n"
    parts = [_heading(package, "="), f".. automodule:: {package}\n{members}"]
    if offered:
        names = ", ".join(f":py:obj:`~{name}`" for name in offered)
        parts.append(f"``from {package} import`` {names}\n")
    for name in modules:
        title = name.removeprefix(f"{package}.")
        parts += [
            _heading(title, "-"),
            f".. automodule:: {name}\n   :members:\n   :ignore-module-all:\n",
        ]
    return "\n".join(parts)


def _heading(title: str, line: str) -> str:
    return f"{title}\n{line * len(title)}\n"


def _offered(module: ModuleType) -> tuple[list[str], list[str]]:
    """Returns what ``__all__`` names: what the package defines, and where the rest is defined."""
    own, offered = [], []
    for name in sorted(getattr(module, "__all__", ())):
        value = getattr(module, name)
        home = getattr(value, "__module__", None)
        if not callable(value) or not isinstance(home, str) or not home.startswith(ROOT):
            continue
        if home == module.__name__:
            own.append(name)
        else:
            offered.append(f"{home}.{getattr(value, '__qualname__', name)}")
    return own, offered
