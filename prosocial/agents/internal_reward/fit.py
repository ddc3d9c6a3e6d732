"""Fitting the ISR once, offline, on everything a learner lived through under its caregiver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from .bayesian import fit_bayesian
from .cells import CellISRNetwork, CellRegression
from .config import ISRConfig
from .data import ExperienceError, SocialExperience, as_records
from .model import InternalReward, Member
from .regression import Regression
from .sampling import DRAWS, balanced_draws, generator, reward_classes, split, targets

Progress = Callable[[int, int], None]  # called with (updates made, updates in all)
_REPORT_EVERY = 2000  # updates between calls of the progress callback


@dataclass(frozen=True)
class FitResult:
    """What a fit gave.

    Attributes:
        model: The internal reward.
        curve: Training error of every update, float32 (members, updates): mean squared error on its
            class-balanced batch, before the update. Predicting 0 throughout gives half the mean
            squared reward, 0.08 for rewards of 0.4.
        holdout_updates: Updates after which the hold-out was evaluated, int64 (points,).
        holdout_curve: Hold-out error there, float64 (members, points), weighted like the training
            batches so that it compares with ``curve``.
        holdout_mse: Mean squared error of ``model`` (lower-confidence rule included) over the
            hold-out, each transition counted once; None without a hold-out. The hold-out trains
            nothing. (The released code's test routine also takes a gradient step on each test
            sample, so its figures are not those of a hold-out.)
        holdout_rewarded: Rewarded transitions in the hold-out.
        train_size: Transitions that trained.
        train_rewarded: Rewarded transitions among them.
    """

    model: InternalReward
    curve: np.ndarray
    holdout_updates: np.ndarray
    holdout_curve: np.ndarray
    holdout_mse: float | None
    holdout_rewarded: int
    train_size: int
    train_rewarded: int


def fit(
    config: ISRConfig,
    experience: SocialExperience,
    seed: int,
    progress: Progress | None = None,
) -> FitResult:
    """Fits an internal reward to social experience.

    The first ``train_fraction`` of the stream trains, the rest is held out. Every update draws
    ``batch_size`` training transitions with replacement, half of them rewarded, and makes one
    clipped Adam step on their mean squared error. The number of updates is ``epochs ·
    ceil(train_size / batch_size)``, at most ``max_updates``.

    Args:
        config: Options of the fit.
        experience: Transitions under the caregiver, oldest first.
        seed: Seed of initial weights and draws, >= 0. The same seed, data and number of torch
            threads give the same bits.
        progress: Called now and then with (updates made, updates in all).

    Raises:
        ExperienceError: No training transition is rewarded, the target "received" lacks
            environmental rewards, or
            the weights diverged.
    """
    values = targets(config, experience)
    size = split(config, len(experience))
    classes = reward_classes(values[:size], config.rewarded_above)
    if config.model == "bayesian":
        return _infer(config, experience, values, size, classes)
    model = InternalReward.create(config, experience.observation_shape, experience.num_bodies, seed)
    updates = config.epochs * -(-size // config.batch_size)
    if config.max_updates is not None:
        updates = min(updates, config.max_updates)
    holdout = _Holdout(config, experience, values, size)
    curves, points = [], []
    for number, member in enumerate(model.members):
        draws = balanced_draws(classes, updates * config.batch_size, generator(seed, number, DRAWS))
        report = _offset(progress, number * updates, config.ensemble_size * updates)
        losses, errors = _fit_member(member, config, experience, values, draws, holdout, report)
        curves.append(losses)
        points.append(errors)
    return FitResult(
        model=model,
        curve=np.stack(curves),
        holdout_updates=np.array(_marks(updates, config.holdout_every), np.int64),
        holdout_curve=np.array(points, np.float64).reshape(config.ensemble_size, -1),
        holdout_mse=holdout.mean_squared_error(model),
        holdout_rewarded=holdout.rewarded,
        train_size=size,
        train_rewarded=len(classes[1]) + len(classes[2]),
    )


def _infer(
    config: ISRConfig,
    experience: SocialExperience,
    values: np.ndarray,
    size: int,
    classes: list[np.ndarray],
) -> FitResult:
    """Infers values instead of fitting networks: no updates, no curves, no random numbers."""
    holdout = _Holdout(config, experience, values, size)
    model = fit_bayesian(config, experience, size)
    return FitResult(
        model=model,
        curve=np.empty((1, 0), np.float32),
        holdout_updates=np.empty(0, np.int64),
        holdout_curve=np.empty((1, 0)),
        holdout_mse=holdout.mean_squared_error(model),
        holdout_rewarded=holdout.rewarded,
        train_size=size,
        train_rewarded=len(classes[1]) + len(classes[2]),
    )


class _Holdout:
    """The transitions that train nothing."""

    def __init__(
        self, config: ISRConfig, experience: SocialExperience, values: np.ndarray, size: int
    ) -> None:
        self.observations = experience.observations[size:]
        self.actions = experience.actions[size:]
        self.events = None
        if config.model == "bayesian":
            self.events = as_records(experience.events[size:], experience.event_names)
        self.values = values[size:]
        self.classes = reward_classes(self.values, config.rewarded_above)
        self.rewarded = len(self.classes[1]) + len(self.classes[2])

    def mean_squared_error(self, model: InternalReward) -> float | None:
        if not len(self.values):
            return None
        predictions = model.predict(self.observations, self.actions, self.events)
        errors = predictions - self.values
        return float(np.mean(np.square(errors, dtype=np.float64)))

    def balanced_error(self, member: Member) -> float:
        """Half the mean over unrewarded transitions, half over rewarded; NaN without either."""
        errors = member.predict(self.observations, self.actions) - self.values
        squares = np.square(errors, dtype=np.float64)
        rewarded = [squares[c].mean() for c in self.classes[1:] if len(c)]
        unrewarded = squares[self.classes[0]]
        if not rewarded or not len(unrewarded):
            return float("nan")
        return float(unrewarded.mean() + np.mean(rewarded)) / 2


def _fit_member(
    member: Member,
    config: ISRConfig,
    experience: SocialExperience,
    values: np.ndarray,
    draws: torch.Tensor,
    holdout: _Holdout,
    progress: Progress | None,
) -> tuple[np.ndarray, list[float]]:
    """Trains one network on the drawn samples; returns its training and hold-out curves."""
    updates = len(draws) // config.batch_size
    marks = _marks(updates, config.holdout_every)
    reports = range(_REPORT_EVERY, updates, _REPORT_EVERY)
    regression = make_regression(member, config)
    losses, errors, done = [], [], 0
    for stop in sorted({*marks, *reports, updates} - {0}):
        losses.append(run_draws(regression, experience, values, draws, done, stop))
        done = stop
        if stop in marks:
            errors.append(holdout.balanced_error(member))
        if progress is not None:
            progress(stop, updates)
    curve = np.concatenate(losses) if losses else np.empty(0, np.float32)
    if not np.isfinite(curve).all() or not all(p.isfinite().all() for p in member.parameters()):
        raise ExperienceError(
            "The weights of the ISR diverged (they are no longer finite); lower learning_rate "
            f"(it is {config.learning_rate}) or check the size of the rewards."
        )
    return curve, errors


def make_regression(member: Member, config: ISRConfig) -> Regression | CellRegression:
    """Returns what fits a network of its kind."""
    if isinstance(member, CellISRNetwork):
        return CellRegression(member, config)
    return Regression(member, config)


def run_draws(
    regression: Regression | CellRegression,
    experience: SocialExperience,
    values: np.ndarray,
    draws: torch.Tensor,
    start: int,
    stop: int,
) -> np.ndarray:
    """Makes updates number ``start`` .. ``stop − 1``; returns their errors, float32."""
    batch = regression.config.batch_size
    rows = draws[start * batch : stop * batch].numpy()
    losses = regression.run(
        torch.from_numpy(experience.observations[rows]),
        torch.from_numpy(experience.actions[rows]),
        torch.from_numpy(values[rows]),
    )
    return losses.numpy()


def _marks(updates: int, every: int) -> list[int]:
    """Updates after which the hold-out is evaluated."""
    return list(range(every, updates + 1, every)) if every else []


def _offset(progress: Progress | None, done: int, total: int) -> Progress | None:
    """The callback as one member sees it."""
    if progress is None:
        return None
    return lambda updates, _: progress(done + updates, total)
