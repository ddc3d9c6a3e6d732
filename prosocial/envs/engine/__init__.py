"""The engine: batches of worlds, addressed random numbers, grids and the registry."""

from .batch import Batch, SocialChannel
from .config import Config
from .errors import (
    ActionError,
    ConfigError,
    LayoutError,
    ProsocialError,
    ResetNeededError,
    nearest,
)
from .grid import Heading
from .random import Stream, uniform_array, world_seeds
from .registry import build, entry, register, worlds
from .world import (
    HEADER,
    RUNNING,
    TERMINATED,
    TRUNCATED,
    Scene,
    SceneAgent,
    World,
)

__all__ = [
    "HEADER",
    "RUNNING",
    "TERMINATED",
    "TRUNCATED",
    "ActionError",
    "Batch",
    "Config",
    "ConfigError",
    "Heading",
    "LayoutError",
    "ProsocialError",
    "ResetNeededError",
    "Scene",
    "SceneAgent",
    "SocialChannel",
    "Stream",
    "World",
    "build",
    "entry",
    "nearest",
    "register",
    "uniform_array",
    "world_seeds",
    "worlds",
]
