"""Published numbers of "Too many cooks" and the exact optimum beside them.

Wu, Wang, Evans, Tenenbaum, Parkes & Kleiman-Weiner (2021), Topics in Cognitive Science (arXiv
2003.11778; CogSci 2020), and the repository rosewang2008/gym-cooking. `TABLE` is Table 1 of the
paper, quoted from memory: its two columns of steps agree with the means of the released heat maps
to 0.6 of a step. `HEAT_MAP` are the numbers printed in the released heat maps of ad-hoc play.
`DRAWN_OPTIMUM` are the dashed lines of the released plotting code, which are estimates by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

KITCHENS = ("open_divider", "partial_divider", "full_divider")
RECIPES = ("tomato", "tomato_lettuce", "salad")
CELLS = tuple((kitchen, recipe) for kitchen in KITCHENS for recipe in RECIPES)
"""The nine cells, in the order of all tables."""

MODELS = (
    "bayesian_delegation", "uniform_prior", "fixed_beliefs", "divide_and_conquer", "greedy_cook",
)  # fmt: skip
"""The models by the names of their partners."""

LABELS = {
    "bayesian_delegation": "BD",
    "uniform_prior": "UP",
    "fixed_beliefs": "FB",
    "divide_and_conquer": "D&C",
    "greedy_cook": "Greedy",
}
"""The paper's short names."""

KITCHEN_LABELS = {"open_divider": "open", "partial_divider": "partial", "full_divider": "full"}
RECIPE_LABELS = {"tomato": "tomato", "tomato_lettuce": "TL", "salad": "salad"}

MOST_STEPS = 100
"""Steps of an episode; what is not finished counts as this many."""


@dataclass(frozen=True)
class Row:
    """A row of Table 1: means over nine cells and the seeds, and their standard errors.

    Attributes:
        time_steps: Steps until everything is delivered.
        time_error: Its standard error.
        completion: Share of the sub-tasks that are done in the end.
        completion_error: Its standard error.
        shuffles: Moves to and fro of an agent.
        shuffles_error: Its standard error.
    """

    time_steps: float
    time_error: float
    completion: float
    completion_error: float
    shuffles: float
    shuffles_error: float


TABLE = {
    (2, "bayesian_delegation"): Row(35.29, 1.40, 0.98, 0.06, 1.01, 0.05),
    (2, "uniform_prior"): Row(50.42, 2.04, 0.94, 0.05, 5.32, 0.03),
    (2, "fixed_beliefs"): Row(37.58, 1.60, 0.95, 0.04, 2.64, 0.03),
    (2, "divide_and_conquer"): Row(71.57, 2.40, 0.61, 0.07, 13.08, 0.05),
    (2, "greedy_cook"): Row(71.11, 2.41, 0.57, 0.08, 17.17, 0.06),
    (3, "bayesian_delegation"): Row(34.52, 1.66, 0.96, 0.08, 1.64, 0.05),
    (3, "uniform_prior"): Row(56.84, 2.12, 0.91, 0.22, 5.02, 0.12),
    (3, "fixed_beliefs"): Row(41.34, 2.27, 0.92, 0.08, 1.55, 0.05),
    (3, "divide_and_conquer"): Row(67.21, 2.31, 0.67, 0.15, 4.94, 0.09),
    (3, "greedy_cook"): Row(75.87, 2.32, 0.62, 0.22, 12.04, 0.13),
}
"""Table 1 by number of agents and model."""

_PAIRS = [(i, j) for i in range(len(MODELS)) for j in range(i, len(MODELS))]
_HEAT_ROWS = (
    "25.6 24.8 30.4 26.6 25.4 26.9 30.4 26.6 25.4 29.4 26.9 30.5 24.7 25.6 24.4",
    "33.5 38.0 41.9 40.3 38.8 48.7 44.4 41.0 39.0 37.9 52.3 51.2 41.4 39.7 50.3",
    "53.8 67.5 54.1 83.4 77.9 84.0 48.6 86.2 87.7 50.1 77.7 85.3 91.3 86.5 76.4",
    "20.3 24.2 21.0 27.1 30.9 30.6 21.0 27.1 30.9 20.8 27.8 29.9 33.8 33.1 36.2",
    "44.6 43.1 48.1 60.7 64.0 70.1 49.4 61.1 67.9 43.4 62.4 67.5 70.2 68.2 77.7",
    "48.6 39.0 49.5 69.8 64.2 68.2 50.9 71.2 67.3 57.8 61.1 74.2 83.5 77.5 75.0",
    "20.5 20.6 20.6 63.9 65.2 20.6 20.6 63.9 65.2 20.5 64.5 63.9 99.2 99.1 100",
    "41.5 42.2 44.0 84.2 85.4 48.9 44.0 84.2 85.4 42.7 90.4 90.2 100 100 100",
    "30.9 30.9 36.0 74.1 74.5 50.5 35.1 75.9 73.2 35.8 78.4 74.7 100 100 100",
)
HEAT_MAP = {
    (kitchen, recipe, MODELS[i], MODELS[j]): float(value)
    for (kitchen, recipe), row in zip(CELLS, _HEAT_ROWS, strict=True)
    for (i, j), value in zip(_PAIRS, row.split(), strict=True)
}
"""Mean steps of pairs of models, both orders together, by kitchen, recipe and the two models."""

AD_HOC = {
    "bayesian_delegation": 48.12,
    "uniform_prior": 48.72,
    "fixed_beliefs": 49.97,
    "divide_and_conquer": 62.18,
    "greedy_cook": 62.93,
}
"""Mean over the nine cells and the four other models as partners, from `HEAT_MAP`."""

_THREE_AGENTS = (
    "27 30 25 27 27", "43 54 56 41 56", "68 69 73 78 91",
    "19 33 24 39 46", "41 74 47 57 82", "31 71 31 67 85",
    "18 27 31 95 98", "35 79 58 100 100", "32 71 27 100 100",
)  # fmt: skip
SELF_PLAY = {
    **{
        (2, kitchen, recipe, model): HEAT_MAP[kitchen, recipe, model, model]
        for kitchen, recipe in CELLS
        for model in MODELS
    },
    **{
        (3, kitchen, recipe, model): float(value)
        for (kitchen, recipe), row in zip(CELLS, _THREE_AGENTS, strict=True)
        for model, value in zip(MODELS, row.split(), strict=True)
    },
}
"""Mean steps in self-play by number of agents, cell and model; those of three agents are read off
the bars of a figure, to within 3 steps."""

DRAWN_OPTIMUM = {
    (agents, kitchen, recipe): steps
    for agents, rows in (
        (2, ((15, 25, 24), (17, 31, 21), (17, 31, 21))),
        (3, ((12, 22, 15), (12, 22, 16), (13, 24, 19))),
    )
    for kitchen, row in zip(KITCHENS, rows, strict=True)
    for recipe, steps in zip(RECIPES, row, strict=True)
}
"""The released dashed lines by number of agents and cell."""
