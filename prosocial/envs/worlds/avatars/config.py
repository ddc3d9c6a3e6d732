"""What the configurations of all worlds of avatars have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prosocial.envs.engine.config import Config

from .beams import SHAPES
from .codes import MAX_AGENTS, HitEffect

EFFECTS = tuple(effect.name.lower() for effect in HitEffect)
MOVE_KINDS = ("relative", "absolute")


@dataclass(frozen=True)
class AvatarConfig(Config):
    """Base of the configurations of the worlds of avatars.

    A field that is None takes the value of the preset when the configuration is built, so a built
    one has numbers everywhere (and ``replace`` with another preset keeps them).

    Attributes:
        preset: The source whose rules are followed, see the README of the world.
        layout: Name of a map of the world, or an ASCII map.
        num_agents: N, 1 to 60.
        moves: "relative" (to the heading) or "absolute" (north, south, west, east; moving does not
            turn the avatar).
        view_ahead: Rows that a view shows ahead of the avatar, 1 to 50.
        view_behind: Rows that it shows behind the avatar, 0 to 50.
        view_side: Columns that it shows on each side of the avatar, 0 to 50.
        identities: Whether a second channel of the observation tells whose body is seen.
        zap_shape: Footprint of the zapping beam: "meltingpot", "parallel" or "socialjax", see
            ``beams.rays``.
        zap_length: Cells that the beam covers ahead, 1 to 50.
        zap_radius: Rays on each side of the centre one, 0 to 10.
        zap_cooldown: Steps after a shot in which the avatar cannot fire, 0 to 255.
        hit_effect: "stay", "remove" (out of the world for ``away_steps`` steps) or "teleport" (to a
            spawn cell at the end of the step).
        away_steps: Steps that a removed avatar misses, 1 to 30000.
        hit_fine: What a hit costs its target, >= 0.
        zap_cost: What a shot costs who fires, >= 0.
        zap_cost_on_miss: Whether a shot that hits nobody costs as well.
        apple_reward: Reward of an apple, any finite number.
        min_steps: Steps before which an episode does not end by chance, >= 1.
        max_steps: Steps after which it always ends, >= 1.
        end_interval: From ``min_steps`` on it may end at multiples of this number of steps, >= 1.
        end_probability: Probability that it ends at one of them, 0 to 1.
        zero_last_reward: Whether the last step of an episode gives no reward.
    """

    preset: str = "meltingpot"
    layout: str | None = None
    num_agents: int | None = None
    moves: str | None = None
    view_ahead: int | None = None
    view_behind: int | None = None
    view_side: int | None = None
    identities: bool = False
    zap_shape: str | None = None
    zap_length: int | None = None
    zap_radius: int | None = None
    zap_cooldown: int | None = None
    hit_effect: str | None = None
    away_steps: int | None = None
    hit_fine: float | None = None
    zap_cost: float | None = None
    zap_cost_on_miss: bool | None = None
    apple_reward: float = 1.0
    min_steps: int | None = None
    max_steps: int | None = None
    end_interval: int | None = None
    end_probability: float | None = None
    zero_last_reward: bool | None = None

    def fill(self, preset: Mapping[str, Any]) -> None:
        """Sets the fields that are None to those of a preset; call it in ``__post_init__``."""
        for name, value in preset.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)

    def check_avatars(self, layouts: tuple[str, ...]) -> None:
        """Checks the fields of this class after ``fill``.

        Args:
            layouts: Names of the maps of the world.

        Raises:
            ConfigError: A field is of the wrong type or out of its range.
        """
        self.require("layout", isinstance(self.layout, str), "a name or an ASCII map")
        known = self.layout in layouts or "\n" in str(self.layout)
        names = ", ".join(layouts)
        self.require("layout", known, f"one of {names}, or an ASCII map of several lines")
        self.require_int("num_agents", 1, MAX_AGENTS)
        self.require_choice("moves", MOVE_KINDS)
        self.require_int("view_ahead", 1, 50)
        self.require_int("view_behind", 0, 50)
        self.require_int("view_side", 0, 50)
        self.require_choice("zap_shape", SHAPES)
        self.require_int("zap_length", 1, 50)
        self.require_int("zap_radius", 0, 10)
        fits = self.zap_shape != "meltingpot" or int(self.zap_radius or 0) <= int(
            self.zap_length or 0
        )
        self.require("zap_radius", fits, f"at most zap_length = {self.zap_length}")
        self.require_int("zap_cooldown", 0, 255)
        self.require_choice("hit_effect", EFFECTS)
        self.require_int("away_steps", 1, 30000)
        self.require_number("hit_fine", 0)
        self.require_number("zap_cost", 0)
        self.require_number("apple_reward", -1e6, 1e6)
        self.require_int("min_steps", 1)
        self.require_int("max_steps", 1)
        self.require_int("end_interval", 1)
        self.require_number("end_probability", 0, 1)
        for field in ("identities", "zap_cost_on_miss", "zero_last_reward"):
            self.require_bool(field)

    @property
    def view_shape(self) -> tuple[int, int]:
        """Rows and columns of a view."""
        ahead, behind, side = self.view_ahead, self.view_behind, self.view_side
        return int(ahead or 0) + int(behind or 0) + 1, 2 * int(side or 0) + 1

    @property
    def reach(self) -> int:
        """How many cells the view reaches in any direction, or a beam sideways; at least 2."""
        cells = (self.view_ahead, self.view_behind, self.view_side, self.zap_radius)
        return max(2, *(int(value or 0) for value in cells))
