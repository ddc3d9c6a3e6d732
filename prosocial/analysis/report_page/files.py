"""Writes pages in one step, so that a reader sees the old page or the new one."""

from __future__ import annotations

from pathlib import Path

from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.files import DiskFullError, write_atomically


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
    try:
        write_atomically(path, text.encode())
    except DiskFullError:
        raise
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}); choose another file with --output."
        ) from error
    return path
