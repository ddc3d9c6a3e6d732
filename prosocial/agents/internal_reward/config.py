"""The options of the internal social reward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prosocial.envs.engine.config import Config

ConvAxis = Literal["channels", "authors"]
ActionCells = Literal["auto", "own", "agents"]
Target = Literal["social", "received"]
Rule = Literal["additive", "gated", "threshold", "only"]
Network = Literal["grid_cnn", "cell_embedding"]
Model = Literal["regression", "bayesian"]


@dataclass(frozen=True)
class ISRConfig(Config):
    """How the ISR is built, fitted and used.

    The defaults are those of Rong & Kleiman-Weiner (2024) without the quirks of their code.

    "Released code" below is theirs (github.com/friedeggs/social-play); a figure is one of their
    paper.

    Attributes:
        model: "regression", networks fitted to the social reward as in the paper, or "bayesian",
            inference of which events the caregiver values (see ``bayesian``). Options of fitting
            networks do not concern the latter.
        network: "grid_cnn", the paper's convolutions, or "cell_embedding" for observations that are
            codes of cells, such as those of the commons.
        observation_codes: "cell_embedding" only: codes lie below it, 2 .. 256; None for those of
            the world.
        rule: How predictions enter the utility when the caregiver is absent, see
            ``reward.combine``: "additive" (figures 1b, 4a, 4b), "threshold" (figures 5, 6), "only"
            (figure 7) or "gated" (ours, for praise and blame).
        scale: Social reward of one approved step, > 0; predictions are measured in it. 0.4 in the
            released code.
        threshold: The "threshold" and "gated" rules accept a prediction above ``threshold ·
            scale`` (in size, if gated), in [0, 1]; 0.5 as in figure 5. The audit uses the same
            bound under every rule.
        conv_axis: "channels" convolves over the grid; "authors" repeats a quirk of the released
            code, which takes the first axis of the grid for the channels and convolves over
            (column, feature).
        action_cells: Where the action channels hold their action index: "own" (the learner's cell,
            the centre of the window), "agents" (every agent's cell), "auto" (as in the paper: "own"
            for one body, "agents" for more).
        target: "social" regresses the social reward as it was received, praise and blame
            alike. "received" is the released code's target max(R_e + R_s, 0), which clips blame
            away; it needs environmental rewards in the experience.
        rewarded_above: Transitions whose target is larger than this in size count as rewarded when
            the samples are balanced, >= 0. If steps without feedback carry noise, set it above.
        train_fraction: First part of the stream that trains, in (0, 1]; the rest is the hold-out.
            0.9, or 1 in figure 7.
        batch_size: Transitions in one update; 1, or 10 in figures 3a and 7.
        epochs: Passes, each of as many draws as there are training transitions; 1, or 10 in
            figure 7.
        max_updates: Cap on the updates of an offline fit, >= 0; None for no cap. Few updates leave
            an undertrained ISR.
        learning_rate: Of Adam, > 0; 3e-4, or 3e-5 in figures 3a and 3b.
        adam_eps: Epsilon of Adam, > 0; 1e-5.
        max_grad_norm: Gradients are scaled down to this Euclidean norm over all parameters, > 0;
            1.0.
        holdout_every: Updates between evaluations on the hold-out during a fit, for a learning
            curve; 0 for none.
        ensemble_size: Independently initialised and sampled networks, >= 1; the paper has 1.
        lower_confidence: Standard deviations over the ensemble that a prediction is lowered by,
            >= 0; see ``ensemble``. "bayesian": posterior standard deviations that it is moved
            towards 0 by, at most to 0.
        keep_unrewarded: Share of the unrewarded transitions that are remembered, in (0, 1]; all
            rewarded ones are. Where many agents live for long, few of them say as much, since every
            update draws as many rewarded as unrewarded ones.
        updates_per_iteration: Continual fitting: updates after each new batch of experience, >= 1.
        recent: Continual fitting: number of newest transitions to draw from, >= 1; None for all of
            them.
        events: "bayesian" only: the events that may be valued, at most ten; None for all of the
            world.
        inclusion: "bayesian" only: prior probability that an event is valued, in (0, 1).
        slab_sd: "bayesian" only: standard deviation of the amount of a valued event before any
            feedback, > 0, in units of reward.
        noise_sd: "bayesian" only: standard deviations of the noise of feedback to choose from, > 0,
            in units of reward; equally likely before. One alone is taken as known.
    """

    model: Model = "regression"

    network: Network = "grid_cnn"
    observation_codes: int | None = None
    rule: Rule = "additive"
    scale: float = 0.4
    threshold: float = 0.5
    conv_axis: ConvAxis = "channels"
    action_cells: ActionCells = "auto"
    target: Target = "social"
    rewarded_above: float = 0.0
    train_fraction: float = 0.9
    batch_size: int = 1
    epochs: int = 1
    max_updates: int | None = None
    learning_rate: float = 3e-4
    adam_eps: float = 1e-5
    max_grad_norm: float = 1.0
    holdout_every: int = 0
    ensemble_size: int = 1
    lower_confidence: float = 1.0
    keep_unrewarded: float = 1.0
    updates_per_iteration: int = 2048
    recent: int | None = None
    events: tuple[str, ...] | None = None
    inclusion: float = 0.5
    slab_sd: float = 1.0
    noise_sd: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0)

    def __post_init__(self) -> None:
        """Checks every field; raises a ConfigError that names the field and what was expected."""
        self.require_choice("network", ("grid_cnn", "cell_embedding"))
        if self.observation_codes is not None:
            self.require_int("observation_codes", 2, 256)
        self.require_choice("rule", ("additive", "gated", "threshold", "only"))
        self.require_choice("conv_axis", ("channels", "authors"))
        self.require_choice("action_cells", ("auto", "own", "agents"))
        self.require_choice("target", ("social", "received"))
        for field in ("threshold", "train_fraction", "keep_unrewarded"):
            self.require_number(field, 0.0, 1.0)
        for field in ("rewarded_above", "lower_confidence"):
            self.require_number(field, 0.0)
        for field in (
            "scale",
            "learning_rate",
            "adam_eps",
            "max_grad_norm",
            "train_fraction",
            "keep_unrewarded",
        ):
            self.require_number(field, 0.0)
            self.require(field, getattr(self, field) > 0, "a number > 0")
        for field in ("batch_size", "epochs", "ensemble_size", "updates_per_iteration"):
            self.require_int(field, 1)
        self.require_int("holdout_every", 0)
        if self.max_updates is not None:
            self.require_int("max_updates", 0)
        if self.recent is not None:
            self.require_int("recent", 1)
        self._check_bayesian()

    def _check_bayesian(self) -> None:
        self.require_choice("model", ("regression", "bayesian"))
        for field in ("inclusion", "slab_sd"):
            self.require_number(field, 0.0)
            self.require(field, getattr(self, field) > 0, "a number > 0")
        self.require("inclusion", self.inclusion < 1, "a number in (0, 1)")
        sizes = self.noise_sd
        positive = isinstance(sizes, tuple) and all(
            isinstance(sd, int | float) and 0 < sd < float("inf") for sd in sizes
        )
        self.require("noise_sd", bool(sizes) and positive, "numbers > 0, at least one")
        names = self.events
        distinct = names is None or (isinstance(names, tuple) and len(set(names)) == len(names))
        self.require("events", distinct, "names of events, each once, or None for all")

    @property
    def accept_above(self) -> float:
        """Prediction above which a step is approved: ``threshold · scale``, 0.2 by default."""
        return self.threshold * self.scale
