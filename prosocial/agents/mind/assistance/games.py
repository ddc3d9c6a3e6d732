"""Small assistance games whose solutions can be checked by hand."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import ConfigError

from .game import AssistanceGame

QUERIES = ("any_time", "at_first", "never")


def red_blue(*, signals: bool = False) -> AssistanceGame:
    """Returns the game of the red and the blue door.

    Two doors of the human's and two of the robot's; one colour is right, which the human alone
    knows. The human stands before its doors after one step and opens one; the robot can open one of
    its own at any time. Each right door gives 1. Discount 0.9, horizon 4 (environment of
    HumanCompatibleAI/assistance-games; Shah et al. 2020, "Benefits of assistance over reward
    learning"). Guessing at once is worth 0.5 + 0.9 = 1.40, waiting for the human 0.9 + 0.81 = 1.71.

    Args:
        signals: Whether the human can also make a sign in the first step, which costs nothing: a
            pedagogic human then shows the colour at once, and 0.9 + 0.9 = 1.80 is the optimum.
    """
    red, blue, wait = 0, 1, 2
    # The human is on its way, before its doors, or through the red or the blue one; the robot waits
    # or is through one of its own.
    places = [(human, robot) for human in range(4) for robot in range(3)]
    number = {place: k for k, place in enumerate(places)}
    transition = np.zeros((len(places), 2, 3, len(places)))
    reward = np.zeros((2, len(places), 2, 3))
    human_can = np.zeros((len(places), 3, 2), np.bool_)
    human_can[:, :, red] = True
    robot_can = np.zeros((len(places), 3), np.bool_)
    robot_can[:, wait] = True
    for (human, robot), k in number.items():
        if robot == 0:
            robot_can[k] = True
        if human == 1 or (human == 0 and signals):
            human_can[k, :, blue] = True
        for a, r in np.ndindex(2, 3):
            next_human = {0: 1, 1: 2 + a}.get(human, human)
            next_robot = 1 + r if robot == 0 and r != wait else robot
            transition[k, a, r, number[next_human, next_robot]] = 1
            for colour in (red, blue):
                reward[colour, k, a, r] = (human == 1 and a == colour) + (
                    robot == 0 and r == colour
                )
    return AssistanceGame(
        transition, reward, np.array([0.5, 0.5]), horizon=4, discount=0.9,
        human_can=human_can, robot_can=robot_can,
        states=tuple(f"{h}/{r}" for h in ("walking", "before doors", "red", "blue")
                     for r in ("waiting", "red", "blue")),
        types=("red", "blue"), human_actions=("red", "blue"),
        robot_actions=("red", "blue", "wait"),
    )  # fmt: skip


def wormy_apples(queries: str = "any_time") -> AssistanceGame:
    """Returns the game of the wormy apples.

    The robot gets apples and makes a pie (+2). One time in five the apples are wormy; then it must
    throw them on the compost or in the trash first. The human cares which: the wrong one costs 2.
    A query costs 0.1, and the human answers at once. Discount 0.99, horizon 4 (environment of
    HumanCompatibleAI/assistance-games; Shah et al. 2020).

    Args:
        queries: "any_time", "at_first" (answered before the apples are got only: reward learning in
            two phases) or "never".

    Raises:
        ConfigError: The word is another one.
    """
    if queries not in QUERIES:
        raise ConfigError(f"queries is {queries!r}; expected one of {', '.join(QUERIES)}.")
    states = ("start", "clean", "wormy", "compost", "trash", "pie")
    start, clean, wormy, compost, trash, pie = range(6)
    _, get, to_compost, to_trash, bake, query = range(6)
    leads = {
        (start, get): {clean: 0.8, wormy: 0.2},
        (clean, bake): {pie: 1.0},
        (wormy, to_compost): {compost: 1.0},
        (wormy, to_trash): {trash: 1.0},
        (compost, bake): {pie: 1.0},
        (trash, bake): {pie: 1.0},
    }
    transition, reward = np.zeros((6, 3, 6, 6)), np.zeros((2, 6, 3, 6))
    human_can = np.zeros((6, 6, 3), np.bool_)
    human_can[..., 0] = True
    robot_can = np.ones((6, 6), np.bool_)
    robot_can[:, query] = queries != "never"
    for state, action in np.ndindex(6, 6):
        for following, chance in leads.get((state, action), {state: 1.0}).items():
            transition[state, :, action, following] = chance
            if following == pie and state != pie:
                reward[:, state, :, action] += 2
            if following == trash and state != trash:
                reward[0, state, :, action] -= 2
            if following == compost and state != compost:
                reward[1, state, :, action] -= 2
    reward[:, :, :, query] -= 0.1
    human_can[start if queries == "at_first" else slice(None), query] = True
    return AssistanceGame(
        transition, reward, np.array([0.5, 0.5]), horizon=4, discount=0.99,
        human_can=human_can, robot_can=robot_can, states=states, types=("compost", "trash"),
        human_actions=("nothing", "compost", "trash"),
        robot_actions=("wait", "get apples", "to compost", "to trash", "bake", "query"),
    )  # fmt: skip


def paperclips(num_types: int = 101) -> AssistanceGame:
    """Returns the game of paperclips and staples, in which an expert is a poor teacher.

    The human makes 2 paperclips, one of each or 2 staples; then the robot makes 90 paperclips, 50
    of each or 90 staples. A paperclip is worth the human's type, a staple 1 minus it (example of
    Hadfield-Menell et al. 2016). A literal human makes one of each only if both are worth the same;
    a pedagogic one whenever the robot ought to, for types from 41/92 to 51/92.

    Args:
        num_types: Types, evenly spread from 0 to 1, >= 2.

    Raises:
        ConfigError: There are fewer than two types.
    """
    if num_types < 2:
        raise ConfigError(f"num_types is {num_types!r}; expected at least 2.")
    theta = np.linspace(0, 1, num_types)
    human_makes, robot_makes = [(2, 0), (1, 1), (0, 2)], [(90, 0), (50, 50), (0, 90)]
    reward = np.zeros((num_types, 2, 3, 3))
    for k in range(3):
        reward[:, 0, k, :] = np.outer(theta * human_makes[k][0] + (1 - theta) * human_makes[k][1],
                                      np.ones(3))  # fmt: skip
        reward[:, 1, :, k] = np.outer(theta * robot_makes[k][0] + (1 - theta) * robot_makes[k][1],
                                      np.ones(3))  # fmt: skip
    transition = np.zeros((2, 3, 3, 2))
    transition[..., 1] = 1
    only_first = np.array([True, False, False])
    return AssistanceGame(
        transition, reward, np.full(num_types, 1 / num_types), horizon=2,
        human_can=np.array([[[True] * 3] * 3, [only_first] * 3]),
        robot_can=np.array([only_first, [True] * 3]),
        states=("human's turn", "robot's turn"), types=tuple(f"{t:.3g}" for t in theta),
        human_actions=tuple(map(str, human_makes)), robot_actions=tuple(map(str, robot_makes)),
    )  # fmt: skip
