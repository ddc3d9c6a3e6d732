"""Made-up hypotheses about real worlds: values are random by time and agent; brute force."""

import numpy as np

from prosocial.agents.mind.follow import follow
from prosocial.agents.mind.hypotheses import AgentHypotheses, RowHypotheses
from prosocial.envs.engine import Batch, build, uniform_array

NAMES = ("ball", "box", "key")
ROWS = 7


def make_batch(num_worlds=6, seed=3, **options):
    """Three avatars on a small map; states are tracked."""
    world = build("commons_harvest", num_agents=3, max_steps=25)
    batch = Batch(world, num_worlds, seed=seed, **{"track_states": True, **options})
    batch.reset()
    return batch


def draw_actions(batch):
    """Random actions (B, N) that depend on the world alone, not on its place in the batch."""
    draws = uniform_array(batch.state["seed"], batch.state["step"], slots=batch.num_agents)
    return (draws * batch.num_actions).astype(np.int64)


def make_table(world, seed=0, rows=ROWS, names=3):
    """Random action values (rows, A, H)."""
    rng = np.random.default_rng(seed)
    table = rng.normal(0, 1, (rows, world.num_actions, names)).astype(np.float32)
    return table


def places(states, num_agents, rows=ROWS):
    """The rows that the agents are in, (B, N)."""
    return (states["t"][:, None].astype(np.int64) * 2 + np.arange(num_agents)) % rows


class Tabled(RowHypotheses):
    """Values from a table."""

    def __init__(self, world, table=None):
        super().__init__(world, NAMES)
        self.table = make_table(world) if table is None else table

    def rows(self, states):
        return places(states, len(self.targets))


class Valued(AgentHypotheses):
    """The same values without a table."""

    def __init__(self, world, table=None):
        super().__init__(world, NAMES)
        self.values = make_table(world) if table is None else table

    def action_values(self, states):
        return np.swapaxes(self.values[places(states, len(self.targets))], 2, 3)


class Sighted(Tabled):
    """Agent n sees target t at even times if n >= t, and always itself."""

    def visible(self, states):
        agents = np.arange(self.world.num_agents)
        ahead = agents[:, None] >= agents
        even = states["t"][:, None, None] % 2 == 0
        return np.where(even, ahead, np.eye(len(agents), dtype=bool))


class Counting(Valued):
    """Values turn with the number of steps seen, which is remembered."""

    def __init__(self, world):
        super().__init__(world)
        self.seen = np.zeros(0, np.int64)

    def begin(self, states, where):
        if len(self.seen) != len(states):
            self.seen = np.zeros(len(states), np.int64)
        self.seen[where] = 0

    def action_values(self, states):
        turned = (places(states, len(self.targets)) + self.seen[:, None]) % ROWS
        return np.swapaxes(self.values[turned], 2, 3)

    def advance(self, before, actions, after):
        self.seen += 1

    def state(self):
        return {"seen": self.seen.copy()}

    def restore(self, state):
        self.seen = state["seen"].copy()


def play(mind, batch, steps=10, record=None):
    """Steps the batch with random actions beside the mind."""
    for _ in range(steps):
        actions = draw_actions(batch)
        batch.step(actions)
        follow(mind, batch, actions, record)


def softmax(values, beta, lapse=0.0):
    """Over the last axis, in float64."""
    weights = np.exp(beta * (values - values.max(axis=-1, keepdims=True)).astype(np.float64))
    chances = weights / weights.sum(axis=-1, keepdims=True)
    return (1 - lapse) * chances + lapse / values.shape[-1]


def brute_force(table, history, betas, prior, lapse=0.0, switch=0.0, visible=None):
    """Joint posterior (B, T, K, H) of one observer, by plain float64 arithmetic step by step.

    Args:
        table: Action values (rows, A, H).
        history: Pairs of rows (B, T) and actions (B, T).
        betas: K numbers.
        prior: (H,).
        lapse: Of the targets.
        switch: Of the targets.
        visible: For each step what this observer saw, (B, T).
    """
    num_worlds, num_targets = history[0][0].shape
    chances = np.stack([softmax(np.swapaxes(table, 1, 2), beta, lapse) for beta in betas], axis=1)
    found = np.zeros((num_worlds, num_targets, len(betas), len(prior)))
    found[:] = np.asarray(prior) / len(betas)
    for step, (rows, actions) in enumerate(history):
        for world in range(num_worlds):
            for target in range(num_targets):
                if visible is not None and not visible[step][world, target]:
                    continue
                old = found[world, target]
                mixed = (1 - switch) * old + switch * old.sum(1, keepdims=True) * np.asarray(prior)
                new = mixed * chances[rows[world, target], :, :, actions[world, target]]
                found[world, target] = new / new.sum()
    return found


def watched(batch, mind, steps=10):
    """Plays and returns the history for ``brute_force``."""
    history = []
    for _ in range(steps):
        actions = draw_actions(batch)
        history.append((places(batch.state, batch.num_agents), actions))
        batch.step(actions)
        follow(mind, batch, actions)
    return history
