"""How the learner of a session learns; imports neither torch nor ray."""

from __future__ import annotations

from dataclasses import dataclass, field

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.training.config import PolicyConfig, PPOConfig
from prosocial.envs.engine import Config


@dataclass(frozen=True)
class LivePPOConfig(PPOConfig):
    """Policy optimisation in one world and with a person's patience: a minute is a hundred steps.

    The attributes are those of ``PPOConfig``. The defaults were tried with a scripted caregiver who
    praises goals: within 4,096 steps in an empty room of 3 x 3 cells all of ten seeds learned, and
    within 8,192 steps in one of 5 x 5 cells three of five.
    """

    learning_rate: float = 1e-3
    num_worlds: int = 1
    rollout_steps: int = 128
    gamma: float = 0.95
    entropy_coef: float = 0.02


@dataclass(frozen=True)
class LiveConfig(Config):
    """How the learner of a session learns while people watch.

    Attributes:
        ppo: Policy optimisation. An update is made every ``rollout_steps`` steps of the one world.
            The defaults differ from those of `prosocial train`, whose 120,000 steps nobody sits
            through.
        policy: Policy network of a learner that begins from random weights.
        isr: Model of the social reward that the run folder of the session is configured with, for a
            learner that begins from random weights. It is fitted in a later life, not here.
        hand_over: Steps between the last step of a rollout and the first that the policy updated
            on it acts in, >= 0. The update is made meanwhile, in another thread; if it takes longer
            the session waits, so that which weights act in which step never depends on the clock.
            0 waits for every update.
        credit_steps: Steps that a feedback is spread over evenly, >= 1: that on the screen and
            those before it in the episode. People are slower than a step can be: TAMER (Knox &
            Stone 2009) spreads feedback over the recent steps by a density of the person's delay,
            of which this is the uniform case, counted in steps. 1: all of it goes to the step on
            the screen.

    Raises:
        ConfigError: A value is out of its range; the message names the field and the range.
    """

    ppo: LivePPOConfig = field(default_factory=LivePPOConfig)
    policy: PolicyConfig = field(default_factory=PolicyConfig)
    isr: ISRConfig = field(default_factory=ISRConfig)
    hand_over: int = 1
    credit_steps: int = 1

    def __post_init__(self) -> None:
        """Checks every field; raises a ConfigError that names the field and what was expected."""
        self.require_int("hand_over", 0)
        self.require_int("credit_steps", 1)
        self.require("ppo", self.ppo.num_worlds == 1, "one with num_worlds 1: people share a world")
        waits = self.ppo.rollout_steps >= self.hand_over + self.credit_steps
        limit = f"at most ppo.rollout_steps ({self.ppo.rollout_steps}) with credit_steps"
        self.require("hand_over", waits, limit)
