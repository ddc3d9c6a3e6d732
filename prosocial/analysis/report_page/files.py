"""Writes pages in one step, so that a reader sees the old page or the new one."""

from __future__ import annotations

import os
from pathlib import Path

from prosocial.envs.engine.errors import ConfigError


def write_page(path: Path, text: str) -> Path:
    """Writes a page; its folder is made if it is missing.

    Args:
        path: The file.
        text: HTML.

    Returns:
        The path.

    Raises:
        ConfigError: It cannot be written there.
    """
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}); choose another file with --output."
        ) from error
    finally:
        if temporary.exists():
            temporary.unlink()
    return path
