"""Makes any caregiver, with a mind or without, from its configuration."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from prosocial.envs.engine import World
from prosocial.envs.social import Caregiver, CaregiverConfig, SanctioningPeers
from prosocial.envs.social import make_caregiver as make_without_mind

from .teaching import TeachingCaregiver, TeachingConfig


def make_caregiver(
    caregiver: SanctioningPeers | CaregiverConfig | Caregiver | Mapping[str, Any] | str | None,
    world: World,
) -> Any:
    """Returns the caregiver that a user asked for, ready for a world.

    Args:
        caregiver: As for `prosocial.envs.social.make_caregiver`; a configuration with
            ``teaching`` makes a `TeachingCaregiver`.
        world: The world whose events it judges.

    Raises:
        ConfigError: As there; an option of ``teaching`` is unknown or out of its range, or such a
            caregiver cannot judge learners in this world.
    """
    if isinstance(caregiver, Mapping):
        caregiver = CaregiverConfig.from_mapping(caregiver)
    if not isinstance(caregiver, CaregiverConfig) or caregiver.teaching is None:
        return make_without_mind(caregiver, world)
    teaching = TeachingConfig.from_mapping(caregiver.teaching)
    plain = dataclasses.replace(caregiver, teaching=None).make(world)
    fields = {f.name: getattr(plain, f.name) for f in dataclasses.fields(plain)}
    made = TeachingCaregiver(**fields, teaching=teaching)
    made.check(world)
    return made
