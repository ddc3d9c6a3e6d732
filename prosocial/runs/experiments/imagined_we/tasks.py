"""What a worker process does: play signalling tasks, the boxes game, or rendezvous.

Each task is a frozen dataclass of plain values with `run` and `progress`; a finished one leaves its
table and a ``status.json`` with the state "finished" in its folder. They take seconds, so that an
interrupted one begins anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from prosocial.analysis.experiments import is_finished
from prosocial.analysis.imagined_we.records import AGREEMENT, BOXES, REWARDS, SIGNALLING

ITEMS = 6
WITH_DEPTH = ("imagined_we", "individual", "rsa")
"""Models whose receivers have a level."""

GAMES = ((3, 1, 1), (3, 2, 2), (3, 2, 1), (4, 3, 3), (4, 3, 1))
"""Boxes, rewards and tokens of the boxes games."""

NOISE = 0.3
"""Probability that an agent of "imagined_we_noisy" misperceives an action."""

PARTNERS: dict[str, tuple[str, dict[str, Any]]] = {
    "imagined_we": ("imagined_we", {}),
    "imagined_we_noisy": ("imagined_we", {"noise": NOISE}),
    "imagined_we_forgetful": ("imagined_we", {"forget": True}),
    "shared_reward_planner": ("shared_reward_planner", {}),
    "individual_planner": ("individual_planner", {}),
}
"""Registered partner and its options by name in the tables."""


@dataclass(frozen=True)
class SignallingTask:
    """Plays every model at every depth on tasks of one ambiguity.

    Attributes:
        folder: Where ``signalling.parquet`` goes.
        ambiguity: Share of the items that a true signal fits.
        tasks: Tasks of each way to share out the features.
        depths: Levels 0 .. depths - 1.
        seed: Of the tasks.
    """

    folder: Path
    ambiguity: float
    tasks: int
    depths: int
    seed: int

    def run(self) -> None:
        """Plays everything."""
        from prosocial.agents.mind.communication.baselines import MODELS, best_utility, play
        from prosocial.agents.mind.communication.gridworld import (
            SignallingGridConfig,
            designs,
            signalling_grids,
        )

        sets = [
            signalling_grids(
                SignallingGridConfig(colours=colours, shapes=shapes), self.tasks, seed=self.seed
            ).tasks
            for colours, shapes in designs(ITEMS, self.ambiguity)
        ]
        best = float(np.mean([best_utility(tasks) for tasks in sets]))
        rows = []
        for model in MODELS:
            for depth in range(self.depths if model in WITH_DEPTH else 1):
                found = [play(tasks, model, depth) for tasks in sets]
                sent = np.concatenate([one.signalled for one in found])
                right = np.nan_to_num(np.concatenate([one.accuracy for one in found]))
                row = {
                    "seed": self.seed,
                    "ambiguity": self.ambiguity,
                    "model": model,
                    "depth": depth,
                    "accuracy": float((right * sent).sum() / sent.sum()) if sent.any() else None,
                    "utility": float(np.mean([one.utility for one in found])),
                    "signalled": float(sent.mean()),
                    "best": best,
                }
                rows.append(row | _silences(sets, model, depth))
        _write(self.folder, SIGNALLING, pl.DataFrame(rows, infer_schema_length=None))

    def progress(self) -> float:
        """0 until it is finished, then 1."""
        return float(is_finished(self.folder))


def _silences(sets: list[Any], model: str, depth: int) -> dict[str, float | None]:
    """Returns how likely an Imagined We is silent where the signaler is nearer, and where not."""
    if model != "imagined_we":
        return {"silent_nearer": None, "silent_farther": None}
    from prosocial.agents.mind.communication.imagined_we import imagined_we

    silent, nearer = [], []
    for tasks in sets:
        silent.append(imagined_we(tasks, depth).signaler[..., 0])
        nearer.append(tasks.signaler_costs[:, 1:] < tasks.receiver_costs[:, 1:])
    found, where = np.concatenate(silent), np.concatenate(nearer)
    return {
        "silent_nearer": float(found[where].mean()),
        "silent_farther": float(found[~where].mean()),
    }


@dataclass(frozen=True)
class BoxesTask:
    """Plays the boxes games; nothing in them is drawn.

    Attributes:
        folder: Where ``boxes.parquet`` goes.
        depths: Levels 0 .. depths - 1.
    """

    folder: Path
    depths: int

    def run(self) -> None:
        """Plays everything."""
        from prosocial.agents.mind.communication.baselines import play
        from prosocial.agents.mind.communication.boxes import (
            BoxesConfig,
            boxes_game,
            marked_rewards,
        )
        from prosocial.agents.mind.communication.imagined_we import imagined_we

        rows = []
        for boxes, rewards, tokens in GAMES:
            game = boxes_game(BoxesConfig(boxes=boxes, rewards=rewards, tokens=tokens))
            for model in ("imagined_we", "rsa", "literal", "no_communication"):
                for depth in range(self.depths if model in WITH_DEPTH else 1):
                    found = play(game, model, depth)
                    silent = model == "no_communication"
                    row = {
                        "boxes": boxes,
                        "rewards": rewards,
                        "tokens": tokens,
                        "model": model,
                        "depth": depth,
                        "accuracy": None if silent else float(found.accuracy[0]),
                        "utility": float(found.utility[0]),
                        "marks_rewards": None,
                    }
                    if model == "imagined_we":
                        row["marks_rewards"] = marked_rewards(
                            game, imagined_we(game, depth).signaler
                        )
                    rows.append(row)
        _write(self.folder, BOXES, pl.DataFrame(rows, infer_schema_length=None))

    def progress(self) -> float:
        """0 until it is finished, then 1."""
        return float(is_finished(self.folder))


@dataclass(frozen=True)
class RendezvousTask:
    """Plays episodes of rendezvous with every kind of partners.

    Attributes:
        folder: Where ``agreement.parquet`` and ``rewards.parquet`` go.
        goals: Number of goals.
        episodes: Episodes of each partner.
        steps: Of an episode.
        seed: Of worlds and partners.
    """

    folder: Path
    goals: int
    episodes: int
    steps: int
    seed: int

    def run(self) -> None:
        """Plays everything."""
        from prosocial.agents.mind.joint_intention import agreement
        from prosocial.agents.partners import make_partner
        from prosocial.agents.partners.rendezvous import ImaginedWe
        from prosocial.envs.engine import Batch, build

        world = build("rendezvous", num_goals=self.goals, max_steps=self.steps)
        agreed, paid = [], []
        for name, (partner_name, options) in PARTNERS.items():
            partner = make_partner(partner_name, **options)
            partner.reset(self.seed)
            batch = Batch(world, self.episodes, seed=self.seed)
            batch.reset()
            reward = np.zeros(self.episodes)
            for step in range(self.steps):
                actions = partner.act(batch)
                if isinstance(partner, ImaginedWe):
                    share = float(agreement(partner.goals(batch)).mean())
                    agreed.append({"partner": name, "step": step + 1, "agreement": share})
                batch.step(actions)
                reward += batch.rewards[:, 0]
            paid.append({"partner": name, "reward": float(reward.mean())})
        labels = [pl.lit(self.seed).alias("seed"), pl.lit(self.goals).alias("goals")]
        _write(self.folder, AGREEMENT, pl.DataFrame(agreed).with_columns(labels), last=False)
        _write(self.folder, REWARDS, pl.DataFrame(paid).with_columns(labels))

    def progress(self) -> float:
        """0 until it is finished, then 1."""
        return float(is_finished(self.folder))


def _write(folder: Path, name: str, frame: pl.DataFrame, *, last: bool = True) -> None:
    """Writes a table in one step, and after the last one that the run is finished."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{name}.tmp"
    frame.write_parquet(temporary)
    temporary.replace(folder / name)
    if last:
        status = folder / ".status.json.tmp"
        status.write_text(json.dumps({"state": "finished"}) + "\n", encoding="utf-8")
        status.replace(folder / "status.json")
