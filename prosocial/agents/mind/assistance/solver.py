"""Exact solutions of small assistance games.

A literal human's policy does not depend on what the robot believes: the robot faces a partially
observed decision problem, solved here over the beliefs that can be reached. A pedagogic human knows
the robot's plan and answers it with its own interest in mind. Then the value of a plan is a vector
over the human's types, and a plan is backed up by letting each type choose its own action (Malik,
Palaniappan, Fisac, Hadfield-Menell, Russell & Dragan 2018, "An efficient, generalized Bellman
update for cooperative inverse reinforcement learning"): no search over all |A|^|H| decision rules.
With an optimal human the best plan is the optimal pair of policies. With a softmax human it is the
best plan to which the robot can commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from prosocial.envs.engine import ConfigError

from .game import AssistanceGame
from .human import check_beta, check_policy, choice, literal_human

HUMANS = ("pedagogic", "literal")
MAX_PLANS = 20_000  # of one state with a number of steps to go


@dataclass(frozen=True)
class Node:
    """A situation that can arise, and what both do there.

    Attributes:
        time: Steps taken, from 0.
        state: Number of the state.
        belief: What the robot believes of the human's type, float64 (H,).
        action: The robot's action.
        human: What the human does then, by its type, float64 (H, A).
        values: Expected discounted reward from here on, by type, float64 (H,).
        children: What follows each human action and next state that can occur.
    """

    time: int
    state: int
    belief: np.ndarray
    action: int
    human: np.ndarray
    values: np.ndarray
    children: dict[tuple[int, int], Node] = field(default_factory=dict)


@dataclass(frozen=True)
class Solution:
    """The robot's best policy against a human.

    Attributes:
        game: The game.
        value: Expected discounted reward.
        root: The first situation.
    """

    game: AssistanceGame
    value: float
    root: Node

    def situations(self) -> Iterator[tuple[float, Node]]:
        """Yields every situation that can arise with its probability, earlier ones first."""
        pending = [(1.0, self.root)]
        while pending:
            chance, node = pending.pop(0)
            yield chance, node
            for (human_action, state), child in node.children.items():
                moves = self.game.transition[node.state, human_action, node.action, state]
                says = float(node.belief @ node.human[:, human_action])
                pending.append((chance * says * moves, child))

    def expected_uses(self, robot_action: int) -> float:
        """Returns how often the robot takes an action on average, such as a query."""
        return sum(chance for chance, node in self.situations() if node.action == robot_action)


@dataclass(frozen=True)
class _Plan:
    """What the robot will do, and what that is worth to each type of human."""

    values: np.ndarray  # (H,)
    action: int = 0
    answers: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))  # human's values (H, A)
    then: dict[tuple[int, int], _Plan] = field(default_factory=dict)


def solve(
    game: AssistanceGame, human: str | np.ndarray = "pedagogic", beta: float | None = None
) -> Solution:
    """Returns the robot's best policy.

    Args:
        game: The game.
        human: "pedagogic" (knows the robot's plan and acts on it), "literal" (acts as if the robot
            knew its type, see ``human.literal_human``) or a policy, float64 (horizon, H, S, R, A)
            or (H, S, R, A).
        beta: Softmax rationality of the human, > 0; None: optimal. Not for a given policy.

    Raises:
        ConfigError: The human or beta is out of its range, or the game is too large: more than
            ``MAX_PLANS`` different plans would have to be kept.
    """
    check_beta(beta)
    if isinstance(human, np.ndarray):
        if beta is not None:
            raise ConfigError(f"beta is {beta!r}, but the human's policy is given; leave beta out.")
        return _against(game, check_policy(game, human))
    if human not in HUMANS:
        raise ConfigError(
            f"human is {human!r}; expected one of {', '.join(HUMANS)}, or a policy as an array."
        )
    if human == "literal":
        return _against(game, literal_human(game, beta))
    nothing = [_Plan(np.zeros(len(game.prior)))]
    later = [nothing] * len(game.states)
    for _ in range(game.horizon):
        later = [_plans(game, state, later, beta) for state in range(len(game.states))]
    best = max(later[game.start], key=lambda plan: float(game.prior @ plan.values))
    root = _unfold(game, best, game.start, game.prior, 0, beta)
    return Solution(game, float(game.prior @ best.values), root)


def _plans(
    game: AssistanceGame, state: int, later: list[list[_Plan]], beta: float | None
) -> list[_Plan]:
    """Returns the plans worth keeping in a state, given those for one step less."""
    plans: list[_Plan] = []
    for action in game.robot_actions_in(state):
        answers = [
            (human_action, _after(game, state, human_action, action, later, beta))
            for human_action in game.human_actions_in(state, action)
        ]
        _check_count(game, state, [len(options) for _, options in answers])
        for options in product(*(options for _, options in answers)):
            values = np.full((len(game.prior), len(game.human_actions)), -np.inf)
            then: dict[tuple[int, int], _Plan] = {}
            for (human_action, _), (worth, following) in zip(answers, options, strict=True):
                values[:, human_action] = worth
                then |= following
            share = choice(values, beta)
            mean = np.where(share > 0, share * np.where(share > 0, values, 0), 0).sum(axis=1)
            plans.append(_Plan(mean, action, values, then))
    kept = _worth_keeping(np.array([plan.values for plan in plans]), beta)
    return [plans[k] for k in kept]


def _after(
    game: AssistanceGame, state: int, human_action: int, action: int,
    later: list[list[_Plan]], beta: float | None,
) -> list[tuple[np.ndarray, dict[tuple[int, int], _Plan]]]:  # fmt: skip
    """Returns what a human action can be worth to each type, and by which plans afterwards."""
    now = game.reward[:, state, human_action, action]
    options: list[tuple[np.ndarray, dict[tuple[int, int], _Plan]]] = [(now, {})]
    for following in game.next_states(state, human_action, action):
        _check_count(game, state, [len(options), len(later[following])])
        share = game.discount * game.transition[state, human_action, action, following]
        options = [
            (worth + share * plan.values, then | {(human_action, following): plan})
            for worth, then in options
            for plan in later[following]
        ]
        kept = _worth_keeping(np.array([worth for worth, _ in options]), beta)
        options = [options[k] for k in kept]
    return options


def _check_count(game: AssistanceGame, state: int, numbers: list[int]) -> None:
    count = int(np.prod(numbers, dtype=float))
    if count > MAX_PLANS:
        raise ConfigError(
            f"State {game.states[state]!r} has {count:,} plans to compare; expected at most "
            f"{MAX_PLANS:,}. Shorten the horizon or rule actions out."
        )


def _worth_keeping(values: np.ndarray, beta: float | None) -> list[int]:
    """Returns which rows of values (plans, H) matter.

    Of equal ones the first. With an optimal human also none that another one is nowhere below:
    what follows is monotone in the values. With a softmax human it is not.
    """
    _, first = np.unique(np.round(values, 12), axis=0, return_index=True)
    rows = np.sort(first)
    if beta is not None:
        return rows.tolist()
    kept: list[int] = []
    for row in rows[np.argsort(-values[rows].sum(axis=1), kind="stable")]:
        # Whatever is nowhere below this one has no smaller sum, so that it came before.
        if not (values[kept] >= values[row] - 1e-12).all(axis=1).any():
            kept.append(int(row))
    return sorted(kept)


def _unfold(
    game: AssistanceGame, plan: _Plan, state: int, belief: np.ndarray, time: int, beta: float | None
) -> Node:
    """Returns the situations that arise under a plan, with the robot's beliefs."""
    human = choice(plan.answers, beta)
    children = {}
    if time + 1 < game.horizon:
        for (human_action, following), then in plan.then.items():
            after = _updated(belief, human[:, human_action])
            if after is not None:
                key = (human_action, following)
                children[key] = _unfold(game, then, following, after, time + 1, beta)
    return Node(time, state, belief, plan.action, human, plan.values, children)


def _updated(belief: np.ndarray, likelihood: np.ndarray) -> np.ndarray | None:
    """Returns the belief after a human action, or None if it cannot occur."""
    joint = belief * likelihood
    total = joint.sum()
    return joint / total if total > 0 else None


def _against(game: AssistanceGame, policy: np.ndarray) -> Solution:
    """Returns the best response to a human whose policy is given, over all reachable beliefs."""
    known: dict[tuple[int, int, bytes], Node] = {}

    def best(time: int, state: int, belief: np.ndarray) -> Node:
        key = (time, state, np.round(belief, 12).tobytes())
        if key not in known:
            options = [act(time, state, belief, a) for a in game.robot_actions_in(state)]
            known[key] = max(options, key=lambda node: float(belief @ node.values))
        return known[key]

    def act(time: int, state: int, belief: np.ndarray, action: int) -> Node:
        human = policy[time, :, state, action]  # (H, A)
        values = (human * game.reward[:, state, :, action]).sum(axis=1)
        children: dict[tuple[int, int], Node] = {}
        for human_action in game.human_actions_in(state, action):
            after = _updated(belief, human[:, human_action])
            if after is None or time + 1 == game.horizon:
                continue
            for following in game.next_states(state, human_action, action):
                child = best(time + 1, following, after)
                chance = (
                    human[:, human_action] * game.transition[state, human_action, action, following]
                )
                values = values + game.discount * chance * child.values
                children[human_action, following] = child
        return Node(time, state, belief, action, human, values, children)

    root = best(0, game.start, game.prior)
    return Solution(game, float(game.prior @ root.values), root)
