"""The five models of the paper as configurations, and the switches back to the released code."""

from __future__ import annotations

from dataclasses import dataclass

from prosocial.envs.engine import Config, ConfigError, nearest

BETA = 1.3
"""Rationality of the softmax in "Too many cooks"."""


@dataclass(frozen=True)
class DelegationConfig(Config):
    """How an agent guesses who does what, and what it does about it; the default is the paper's.

    Sources: Wu, Wang, Evans, Tenenbaum, Parkes & Kleiman-Weiner (2021), "Too many cooks", Topics in
    Cognitive Science, and its released code (gym-cooking) where "released" is said.

    Attributes:
        prior: "spatial" (proportional to the sum over the sub-tasks of 1 / cost) or "uniform".
        learns: Whether actions are evidence; False: the prior stands until it is taken anew.
        joint: Whether two agents may share a sub-task.
        others: Whether the sub-tasks of the others are guessed; False: an agent weighs its own
            sub-tasks alone, by its own actions.
        level: 1: an agent with a sub-task of its own responds best to where the others are
            predicted to go; 0: they are obstacles that stay where they are.
        beta: Rationality in 1 / cost, > 0.
        likelihood: Of an allocation: "product" over its sub-tasks, or "released": their sum, each
            weighted with its number of agents, and who shares a sub-task takes what the partner did
            as given.
        resets: When the prior is taken anew: "feasible": when other allocations become possible;
            "released": when their number changes, and at every step by who has no sub-task.
        compatible: Whether allocations are left out whose sub-tasks cannot all be of use, such as
            two that need the only tomato, or a second plate for one salad.
        idle: What an agent without a sub-task does: "aside" (keep out of the others' way) or
            "released" (stay with probability one half, else anything).
    """

    prior: str = "spatial"
    learns: bool = True
    joint: bool = True
    others: bool = True
    level: int = 1
    beta: float = BETA
    likelihood: str = "product"
    resets: str = "feasible"
    compatible: bool = True
    idle: str = "aside"

    def __post_init__(self) -> None:
        """Checks each field."""
        self.require_choice("prior", ("spatial", "uniform"))
        for field in ("learns", "joint", "others", "compatible"):
            self.require_bool(field)
        self.require_int("level", 0, 1)
        self.require_number("beta", 0)
        self.require("beta", self.beta > 0, "a finite number above 0")
        self.require_choice("likelihood", ("product", "released"))
        self.require_choice("resets", ("feasible", "released"))
        self.require_choice("idle", ("aside", "released"))
        lonely = not self.others and (self.joint or self.level)
        self.require("others", not lonely, "True, unless joint is False and level is 0")


MODELS = {
    "bayesian_delegation": DelegationConfig(),
    "uniform_prior": DelegationConfig(prior="uniform"),
    "fixed_beliefs": DelegationConfig(learns=False),
    "divide_and_conquer": DelegationConfig(joint=False),
    "greedy": DelegationConfig(joint=False, others=False, level=0, idle="released"),
}
"""The models of the paper's Table 1: Bayesian Delegation and its four lesions."""

RELEASED = {
    "likelihood": "released", "resets": "released", "compatible": False, "idle": "released",
}  # fmt: skip
"""Options that give a model the released code's behaviour where it differs from the paper."""


def model(name: str) -> DelegationConfig:
    """Returns a model by its name.

    Raises:
        ConfigError: There is no such model.
    """
    if name not in MODELS:
        raise ConfigError(f"There is no model {name!r} of delegation. {nearest(name, MODELS)}")
    return MODELS[name]
