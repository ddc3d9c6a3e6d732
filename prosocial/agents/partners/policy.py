"""A trained policy as a partner, loaded from its run folder without ray."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from prosocial.agents.mind.batch import Follower
from prosocial.agents.mind.config import MindConfig
from prosocial.agents.policies import Policy, load_policy, restore_policy, sample_actions
from prosocial.agents.policies.inputs import join
from prosocial.envs.engine import Batch, ConfigError, world_seeds

_ROWS = 64  # of a forward pass
_PREFIX = "policy/"  # of the policy's tensors in a checkpoint


class PolicyPartner:
    """Acts as a trained policy does.

    All forward passes have one size, filled up with zeros: with matrices of another size the last
    bits of the logits, and with them an action, could differ from batch to batch.

    Args:
        policy: The network.
        greedy: Whether to take the likeliest action instead of a sample.
        seed: Of the samples, an int in [0, 2**64).
        mind: What the policy infers of the others, if it was trained with a mind.

    Raises:
        ConfigError: The policy was trained with a mind and none is given, or the reverse.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        greedy: bool = True,
        seed: int = 0,
        mind: MindConfig | None = None,
    ) -> None:
        if bool(policy.num_features) != (mind is not None):
            raise ConfigError(
                f"The policy takes {policy.num_features} features of a mind, and mind is {mind!r}; "
                "give the `mind` of its training configuration, or load it from its run folder."
            )
        self.policy = policy
        self.greedy = greedy
        self._follower = Follower(mind) if mind is not None else None
        self.reset(seed)

    @classmethod
    def load(cls, run: str | Path, *, greedy: bool = True, seed: int = 0) -> PolicyPartner:
        """Returns the policy of a run with the mind that it was trained with.

        Raises:
            ConfigError: See ``read_policy`` and ``read_mind``.
        """
        return cls(read_policy(run), greedy=greedy, seed=seed, mind=read_mind(run))

    @property
    def remembers(self) -> bool:
        """Whether it has a mind, which remembers earlier steps."""
        return self._follower is not None

    def reset(self, seed: int) -> None:
        """Starts anew with another seed, an int in [0, 2**64)."""
        self._seed = world_seeds(seed, 0, 1)
        if self._follower is not None:
            self._follower.reset()

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore the memory of the mind."""
        return self._follower.state() if self._follower is not None else {}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned, after ``reset`` with the same seed."""
        if self._follower is not None:
            self._follower.restore(state)

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the actions of all agents, int64 (B, N).

        Raises:
            ConfigError: The policy does not fit the world.
        """
        return self.act_for(batch, range(batch.num_agents))

    def act_for(self, batch: Batch, agents: Sequence[int]) -> np.ndarray:
        """Returns the actions of some agents, int64 (B, len(agents)); see ``act``."""
        self._check(batch)
        shape = (batch.num_worlds, batch.num_agents, batch.num_actions)
        logits = np.zeros(shape, np.float32)
        features = self._follower.features(batch) if self._follower is not None else None
        seen = join(batch.observations, features)[:, list(agents)]
        logits[:, list(agents)] = self._logits(seen).reshape(shape[0], len(agents), shape[2])
        if self.greedy:
            return logits.argmax(-1)[:, list(agents)]
        seeds = batch.state["seed"] + self._seed
        return sample_actions(logits, seeds, batch.state["step"])[:, list(agents)]

    @torch.inference_mode()
    def _logits(self, observations: np.ndarray) -> np.ndarray:
        """Returns the logits (n, num_actions) of observations (B, M, *shape), n = B * M."""
        flat = observations.reshape(-1, *observations.shape[2:])
        rows = torch.zeros(-(-len(flat) // _ROWS) * _ROWS, *flat.shape[1:], dtype=torch.uint8)
        rows[: len(flat)] = torch.from_numpy(flat)
        logits = [self.policy(part)[0] for part in rows.split(_ROWS)]
        return torch.cat(logits)[: len(flat)].cpu().numpy()

    def _check(self, batch: Batch) -> None:
        wanted, given = tuple(self.policy.observation_shape), batch.world.observation_shape
        if wanted != given or self.policy.num_actions != batch.num_actions:
            raise ConfigError(
                f"The policy sees {wanted} and has {self.policy.num_actions} actions; "
                f"{batch.world.name} as configured shows {given} and has {batch.num_actions}."
            )


def read_mind(folder: str | Path) -> MindConfig | None:
    """Returns the mind that a run's policy was trained with; None without one.

    Args:
        folder: As for ``read_policy``; only a run folder tells of a mind.

    Raises:
        ConfigError: The configuration of the run does not describe a mind.
    """
    path = Path(folder) / "config.yaml"
    settings = yaml.safe_load(path.read_text()) if path.is_file() else {}
    mind = settings.get("mind")
    return None if mind is None else MindConfig.from_mapping(mind)


def read_policy(folder: str | Path) -> Policy:
    """Returns the policy in the newest good checkpoint of a run; nothing is locked or changed.

    Args:
        folder: A run folder, one checkpoint of it, or a folder that ``policies.save_policy`` wrote.

    Raises:
        ConfigError: There is no good checkpoint, or it holds no policy.
    """
    folder = Path(folder)
    if (folder / "policy.json").is_file():
        return load_policy(folder)
    single = (folder / "state.json").is_file()
    found = [folder] if single else sorted((folder / "checkpoints").glob("step-*"), reverse=True)
    problems = []
    for checkpoint in found:
        try:
            return _read_checkpoint(checkpoint)
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            problems.append(f"{checkpoint.name}: {error}")
    raise ConfigError(
        f"{folder} holds no policy: {'; '.join(problems) or 'there is no checkpoint'}. Expected a "
        "run folder (config.yaml, checkpoints/step-...) of `prosocial train`."
    )


def _read_checkpoint(folder: Path) -> Policy:
    """Reads the policy of one checkpoint after checking its bytes; see agents.training."""
    sums = dict(line.split()[::-1] for line in (folder / "CHECKSUM").read_text().splitlines())
    content = {name: (folder / name).read_bytes() for name in ("state.json", "tensors.safetensors")}
    for name, data in content.items():
        if hashlib.sha256(data).hexdigest() != sums.get(name):
            raise ValueError(f"the checksum does not fit {name}")
    tensors = load_tensors(content["tensors.safetensors"])
    weights = {k.removeprefix(_PREFIX): v for k, v in tensors.items() if k.startswith(_PREFIX)}
    return restore_policy(json.loads(content["state.json"])["policy"], weights)
