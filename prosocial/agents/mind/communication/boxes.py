"""The boxes game: tokens on closed boxes, and what they mean depends on how many there are.

After Misyak, Noguchi & Chater (2016, "Instantaneous conventions", Psychological Science 27:1550):
some of a few boxes hold a reward, the others something bad. The signaler sees into them and may put
tokens on some; the receiver, who knows how many rewards and how many tokens there are, opens boxes.
A token may mean "take this" or "avoid this". With as many tokens as rewards people mark the
rewards; with fewer tokens than rewards they mark what is bad. That flip is what follows here from
the joint utility: of two readings of the signals, the pair would agree on the one that gains more.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from prosocial.envs.engine import Config

from .tasks import SignallingTasks

TAKE, AVOID = "take", "avoid"


@dataclass(frozen=True)
class BoxesConfig(Config):
    """The common ground of a boxes game.

    Attributes:
        boxes: Number of boxes, 2 to 6.
        rewards: How many hold a reward, 1 to ``boxes`` - 1.
        tokens: How many the signaler has, 1 to ``boxes``; it may use fewer, but not none to signal.
        reward: Of a box with one, > 0.
        harm: What opening one of the others costs, >= 0 (ours: 1, as much as a reward).
        token_cost: Of each token used, >= 0.
    """

    boxes: int = 3
    rewards: int = 2
    tokens: int = 1
    reward: float = 1.0
    harm: float = 1.0
    token_cost: float = 0.0

    def __post_init__(self) -> None:
        """Checks each field."""
        self.require_int("boxes", 2, 6)
        self.require_int("rewards", 1, self.boxes - 1)
        self.require_int("tokens", 1, self.boxes)
        self.require_number("reward", 0)
        self.require("reward", self.reward > 0, "a number above 0")
        self.require_number("harm", 0)
        self.require_number("token_cost", 0)


def boxes_game(config: BoxesConfig) -> SignallingTasks:
    """Returns the game as one task, T = 1.

    Minds are the sets of boxes that hold rewards, named such as "1+2"; signals the sets of boxes
    with tokens; the receiver's actions the sets that it opens, none first; the signaler has no
    other action than to wait. Under "take" every marked box holds a reward, under "avoid" none.
    """
    subsets = _subsets(config.boxes)
    minds = [s for s in subsets if len(s) == config.rewards]
    # A set that is true under neither reading, such as one of both kinds, is no signal.
    signals = [
        s
        for s in subsets
        if 1 <= len(s) <= config.tokens and any(_take(m, s) or _avoid(m, s) for m in minds)
    ]
    gains = [
        [
            sum(config.reward if box in mind else -config.harm for box in opened)
            for opened in subsets
        ]
        for mind in minds
    ]
    readings = [[[reads(m, s) for s in signals] for m in minds] for reads in (_take, _avoid)]
    return SignallingTasks(
        rewards=np.array(gains, float)[None, :, None],
        signaler_costs=np.zeros((1, 1)),
        receiver_costs=np.zeros((1, len(subsets))),
        meanings=np.array(readings, bool)[None],
        signal_costs=config.token_cost * np.array([[len(s) for s in signals]], float),
        prior=np.full((1, len(minds)), 1.0 / len(minds)),
        mind_names=tuple(map(_name, minds)),
        signal_names=tuple(map(_name, signals)),
        reading_names=(TAKE, AVOID),
    )


def marked_rewards(tasks: SignallingTasks, signaler: np.ndarray) -> float:
    """Returns the share of signals that mark rewards only, not what is bad.

    Args:
        tasks: A boxes game.
        signaler: P(silence), P(σ) by mind, float64 (1, M, 1 + S), as of a conversation.
    """
    sent = tasks.prior[..., None] * signaler[..., 1:]
    return float((sent * tasks.meanings[:, 0]).sum() / sent.sum())


def _subsets(boxes: int) -> list[tuple[int, ...]]:
    numbers = range(1, boxes + 1)
    return list(chain.from_iterable(combinations(numbers, k) for k in range(boxes + 1)))


def _take(mind: tuple[int, ...], marked: tuple[int, ...]) -> bool:
    return set(marked) <= set(mind)


def _avoid(mind: tuple[int, ...], marked: tuple[int, ...]) -> bool:
    return not set(marked) & set(mind)


def _name(boxes: tuple[int, ...]) -> str:
    return "+".join(map(str, boxes))
