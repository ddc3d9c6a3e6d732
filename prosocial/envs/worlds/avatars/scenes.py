"""What a picture of a world of avatars shows."""

from __future__ import annotations

from typing import Any

from prosocial.envs.engine.world import Scene, SceneAgent

from .codes import BODY, Cell


def scene(state: Any, shape: tuple[int, int], margin: int) -> Scene:
    """Returns what a picture of a state record shows: the map without padding, who is in it.

    Args:
        state: A state record.
        shape: Height and width of the padded grid.
        margin: Rows and columns of padding on each side.
    """
    inside = slice(margin, -margin)
    cells = state["cells"].reshape(shape)[inside, inside].copy()
    ground = state["ground"].reshape(shape)[inside, inside]
    bodies = cells >= BODY
    cells[bodies] = ground[bodies]
    agents = []
    for index, cell in enumerate(state["position"]):
        if state["away"][index] == 0:
            row, column = divmod(int(cell), shape[1])
            heading = int(state["heading"][index])
            row, column = row - margin, column - margin
            agents.append(SceneAgent(f"agent_{index}", row, column, heading, number=index))
    return Scene(cells, Cell, tuple(agents))


def agent_names(num_agents: int) -> tuple[str, ...]:
    """Returns the names of the agents."""
    return tuple(f"agent_{index}" for index in range(num_agents))
