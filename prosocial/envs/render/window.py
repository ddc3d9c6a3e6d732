"""A window on the screen, by pygame, which is imported when the first frame is shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from prosocial.envs.engine.errors import ProsocialError


class MissingExtraError(ProsocialError, ImportError):
    """A library that only an extra installs is missing; the message names the extra."""


def import_pygame() -> Any:
    """Returns the module pygame.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import pygame
    except ImportError as error:
        raise MissingExtraError(
            "render_mode='human' needs pygame. Install it with: pip install 'prosocial[render]'"
        ) from error
    return pygame


class Window:
    """Shows frames at a steady pace."""

    def __init__(self, title: str, frames_per_second: int) -> None:
        """Prepares a window; it opens with the first frame.

        Args:
            title: Text in the title bar.
            frames_per_second: Upper limit; ``show`` waits as long as it takes to keep it.
        """
        self.title = title
        self.frames_per_second = frames_per_second
        self._pygame: Any = None
        self._screen: Any = None
        self._clock: Any = None

    def show(self, frame: np.ndarray) -> None:
        """Shows RGB pixels, uint8 of shape (height, width, 3), and waits for the next tick."""
        pygame = self._pygame = self._pygame or import_pygame()
        size = (frame.shape[1], frame.shape[0])
        if self._screen is None or self._screen.get_size() != size:
            pygame.display.init()
            pygame.display.set_caption(self.title)
            self._screen = pygame.display.set_mode(size)
            self._clock = pygame.time.Clock()
        self._screen.blit(pygame.surfarray.make_surface(frame.swapaxes(0, 1)), (0, 0))
        pygame.event.pump()  # otherwise the system takes the window for a hung one
        pygame.display.flip()
        self._clock.tick(self.frames_per_second)

    def close(self) -> None:
        """Closes the window; closing twice is allowed."""
        if self._screen is not None:
            self._pygame.display.quit()
            self._screen = self._clock = None
