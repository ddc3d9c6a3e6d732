"""Hand-made situations in the worlds of avatars."""

from __future__ import annotations

from prosocial import Batch, make_batch
from prosocial.envs.worlds.avatars.codes import BODY

NORTH, EAST, SOUTH, WEST = range(4)
# Every map is filled up to one size, and to the same numbers of agents and sites, so that all of
# them share one compilation: a sealed row at the bottom holds what is left over.
ROWS, COLUMNS, AGENTS, SITES = 9, 18, 3, {"Aa": 9, "Ww": 3}


def make_scene(world: str, layout: str, *bodies: tuple[int, int, int], num_worlds=1, **config):
    """Returns a batch on a small map with bodies (row, column, heading), the others sealed off."""
    rows = [row.strip().ljust(COLUMNS, "#") for row in layout.strip().splitlines()]
    rows += ["#" * COLUMNS] * (ROWS - 2 - len(rows))
    counts = {kind: sum(map("".join(rows).count, kind)) for kind in SITES}
    if world == "commons_harvest":
        del counts["Ww"]
    sealed = "P" * AGENTS + "".join(kind[1] * (SITES[kind] - n) for kind, n in counts.items())
    rows += [f"#{sealed}".ljust(COLUMNS, "#"), "#" * COLUMNS]
    text = "\n".join(rows)
    batch = make_batch(world, num_worlds, seed=1, layout=text, num_agents=AGENTS, **config)
    batch.reset()
    arrange(batch, *bodies)
    return batch


def arrange(batch: Batch, *bodies: tuple[int, int, int]) -> None:
    """Puts the bodies where a test wants them, ready to act."""
    state, params = batch.state, batch.world.params[0]
    width, margin = int(params["width"]), int(params["margin"])
    state["cells"] = state["ground"]
    state["cooldown"], state["away"] = 0, 0
    parked = [(ROWS - 2, 1 + k, NORTH) for k in range(AGENTS - len(bodies))]
    for agent, (row, column, heading) in enumerate([*bodies, *parked]):
        cell = (row + margin) * width + column + margin
        state["position"][:, agent], state["heading"][:, agent] = cell, heading
        state["cells"][:, cell] = BODY + 4 * agent + heading


def places(batch: Batch, world: int = 0) -> list[tuple[int, int]]:
    """Returns (row, column) of the map for each body."""
    params = batch.world.params[0]
    width, margin = int(params["width"]), int(params["margin"])
    found = (divmod(int(cell), width) for cell in batch.state["position"][world])
    return [(row - margin, column - margin) for row, column in found]


def act(partner, batch: Batch) -> str:
    """Returns the name of the action of agent 0 in world 0."""
    return batch.world.actions(partner.act(batch)[0, 0]).name
