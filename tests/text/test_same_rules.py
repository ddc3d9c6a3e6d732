"""Text and numeric agents play one game: the same demands give the same bytes."""

from __future__ import annotations

import numpy as np
import pytest

from prosocial.envs.engine import Batch, build
from prosocial.envs.text import GovSimText, Phase, TextConfig

OPTIONS = [
    {},
    {"newcomer_round": 2, "max_rounds": 8},
    {"num_agents": 9, "world": {"allocation": "proportional"}},
    {"num_agents": 2, "world": {"capacity": 37, "growth": 3.0, "collapse_below": 2}},
]


@pytest.mark.parametrize("story", ["fishery", "pasture", "pollution"])
@pytest.mark.parametrize("options", OPTIONS)
def test_trajectories_are_byte_identical(story: str, options: dict[str, object]) -> None:
    rng, rationed = np.random.default_rng(7), False
    for seed in range(5):
        game = GovSimText(TextConfig.from_mapping({"story": story, **options}))
        numeric = build(story, **game.config.world_options())
        batch = Batch(numeric, 1, seed=seed, auto_reset=False)
        batch.reset()
        most = int(batch.state["stock"][0])
        request = game.reset(seed)
        while request is not None:
            demands = np.zeros((1, batch.num_agents), int)
            active = batch.state["active"][0]
            here = [a for a, is_in in zip(batch.world.agents, active, strict=True) if is_in]
            stock = int(batch.state["stock"][0])
            for agent in here:
                assert (request.phase, request.agent) == (Phase.POOL, agent)
                number = int(rng.integers(0, most // 2))
                demands[0, batch.world.agents.index(agent)] = min(number, stock)
                request = game.step(f"Answer: {number}")
                assert request is not None
            batch.step(demands)
            rows = game.rows[-len(here) :]
            after = batch.state[0]
            catches = after["catch"].tolist()
            assert [row["obtained"] for row in rows] == catches[: len(here)]
            assert rows[0]["stock_after"] == after["left"]
            assert list(game.rewards.values()) == batch.rewards[0].tolist()
            assert game._batch.state.tobytes() == batch.state.tobytes()
            rationed |= bool(batch.events["rationed"].any())
            while request is not None and request.phase != Phase.POOL:
                request = game.step("Answer: none\nConcludes: yes")
            assert bool(batch.done[0]) == (request is None)
    assert rationed  # the random allocation was part of it
