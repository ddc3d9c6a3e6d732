"""The policy as RLlib sees it: a thin wrapper, everything is in the plain torch network."""

from __future__ import annotations

from typing import Any, Self

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch.torch_rl_module import TorchRLModule
from torch import Tensor

from prosocial.agents.policies.building import Policy, build_policy


class ActorCriticModule(TorchRLModule, ValueFunctionAPI):
    """RLModule around a network of ``prosocial.agents.policies``, for RLlib's own algorithms too.

    ``model_config`` may hold ``policy``, the settings of the network (default: a "grid_cnn" for the
    spaces), and ``seed``; RLlib adds entries of its own, which say nothing about this network.

    One pass gives logits and values. ``InferenceOnlyAPI`` is left out on purpose: RLlib would strip
    the critic from the modules of its runners, which need the values.
    """

    net: Policy

    def setup(self) -> None:
        """Builds the network."""
        space: Any = self.action_space
        options: Any = self.model_config
        shape = list(self.observation_space.shape)
        settings = {"observation_shape": shape, "num_actions": int(space.n)}
        self.net = build_policy({**settings, **options.get("policy", {})}, options.get("seed", 0))

    def train(self, mode: bool = True) -> Self:
        """Switches between training and evaluation; RLlib asks for it before every single pass."""
        return super().train(mode) if mode != self.training else self

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        logits, values = self.net(batch[Columns.OBS])
        return {Columns.ACTION_DIST_INPUTS: logits, Columns.VF_PREDS: values}

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> Tensor:
        """Returns the values of observations, float32 (n,)."""
        return self.net(torch.as_tensor(batch[Columns.OBS]))[1]
