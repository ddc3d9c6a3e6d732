"""How fast training is: stock RLlib, ours, and a plain PyTorch loop over the same worlds.

All three train the same network on caregiver_grid with the same PPO schedule, in one process on one
thread, in turn within every repeat; the table shows medians, in environment-agent-steps per second:

* stock: RLlib's own MultiAgentEnvRunner and PPOTorchLearner on the MultiAgentEnv adapter, with as
  many environments side by side as is fastest for it. RLlib's Algorithm around them, which costs
  some 20 ms an iteration, is left out.
* ours: the Trainer of the life course (BatchEnvRunner and RolloutPPOLearner of RLlib's API).
* plain: a hand-written loop over ``Batch``, the ceiling of what this network allows.

    python benchmarks/training.py --quick
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when numpy and torch are imported

import numpy as np
import torch
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core import COMPONENT_RL_MODULE
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner

from prosocial.agents.policies import GridActorCritic
from prosocial.agents.training.config import PPOConfig, TrainConfig
from prosocial.agents.training.memory import keep_freed_memory
from prosocial.agents.training.multi_agent_env import SocialMultiAgentEnv
from prosocial.agents.training.rllib_config import algorithm_config, module_spec
from prosocial.agents.training.trainer import Trainer
from prosocial.agents.training.utility import utility
from prosocial.agents.training.world_setup import WorldSetup

SETUP = WorldSetup("caregiver_grid", seed=1)
SCHEDULES = {
    "throughput, 4 epochs": PPOConfig(
        num_worlds=256, rollout_steps=8192, minibatch_size=2048, num_epochs=4
    ),
    "throughput, 1 epoch": PPOConfig(
        num_worlds=256, rollout_steps=8192, minibatch_size=2048, num_epochs=1
    ),
    "paper": PPOConfig(),
}
STOCK_ENVIRONMENTS = (16, 64, 256)  # side by side; fewer were slower in every measurement


class Path(Protocol):
    """One way to train; the classes below are the three."""

    def sample(self) -> Any:
        """Returns one rollout."""
        ...

    def learn(self, rollout: Any) -> None:
        """Updates the policy with a rollout."""
        ...


class Stock:
    """RLlib's own runner and learner."""

    def __init__(self, config: TrainConfig, environments: int) -> None:
        world = SETUP.build()
        settings = algorithm_config(config, world)
        settings.environment(SocialMultiAgentEnv)
        settings.env_config = {"world": SETUP.world, "caregiver": "default"}
        settings.env_runners(
            env_runner_cls=MultiAgentEnvRunner,
            num_env_runners=0,
            num_envs_per_env_runner=environments,
        )
        self._runner = MultiAgentEnvRunner(config=settings, worker_index=0)
        self._learner = PPOTorchLearner(config=settings, module_spec=module_spec(config, world))
        self._learner.build()
        self._ppo = config.ppo

    def sample(self) -> Any:
        """See ``Path``."""
        state = self._learner.get_state(components=COMPONENT_RL_MODULE)
        self._runner.set_state({COMPONENT_RL_MODULE: state[COMPONENT_RL_MODULE]})
        episodes = self._runner.sample(num_timesteps=self._ppo.rollout_steps)
        self._runner.get_metrics()
        return episodes

    def learn(self, rollout: Any) -> None:
        """See ``Path``."""
        self._learner.update(
            episodes=rollout,
            num_epochs=self._ppo.num_epochs,
            minibatch_size=self._ppo.minibatch_size,
            shuffle_batch_per_epoch=True,
        )


class Ours:
    """The trainer of the life course."""

    def __init__(self, config: TrainConfig) -> None:
        self._trainer = Trainer(config, SETUP.build())
        self._iteration = 0

    def sample(self) -> Any:
        """See ``Path``."""
        return self._trainer.sample(SETUP)

    def learn(self, rollout: Any) -> None:
        """See ``Path``."""
        self._trainer.learn(rollout, utility(rollout, None).total, self._iteration)
        self._iteration += 1


class Plain:
    """PPO as one would write it by hand."""

    def __init__(self, config: TrainConfig) -> None:
        self._ppo = ppo = config.ppo
        self._batch = SETUP.make_batch(ppo.num_worlds)
        self._batch.reset()
        world = self._batch.world
        self._net = GridActorCritic(world.observation_shape, world.num_actions)
        self._parameters = list(self._net.parameters())
        self._adam = torch.optim.Adam(
            self._parameters, lr=ppo.learning_rate, eps=ppo.adam_eps, fused=True
        )
        self._generator = torch.Generator().manual_seed(0)

    def sample(self) -> Any:
        """See ``Path``."""
        with torch.no_grad():
            return self._sample()

    def _sample(self) -> Any:
        batch, net = self._batch, self._net
        worlds, steps = batch.num_worlds, self._ppo.rollout_steps // batch.num_worlds
        observations = np.empty((steps + 1, worlds, *batch.world.observation_shape), np.uint8)
        observations[0] = batch.observations[:, 0]
        actions = torch.empty((steps, worlds), dtype=torch.int64)
        log_probs, values = torch.empty((steps, worlds)), torch.empty((steps + 1, worlds))
        rewards, finals = np.zeros((2, steps, worlds), np.float32)
        done = np.zeros((steps, worlds), bool)
        for t in range(steps):
            logits, values[t] = net(torch.from_numpy(observations[t]))
            logs = torch.log_softmax(logits, -1)
            actions[t] = torch.multinomial(logs.exp(), 1, generator=self._generator)[:, 0]
            log_probs[t] = logs.gather(-1, actions[t, :, None])[:, 0]
            batch.step(actions[t, :, None].numpy(), out=observations[t + 1][:, None])
            rewards[t] = (batch.rewards + batch.social_rewards)[:, 0]
            done[t] = batch.done
            if done[t].any():
                last = torch.from_numpy(batch.final_observations[done[t], 0])
                finals[t, done[t]] = net(last)[1].numpy()
        values[steps] = net(torch.from_numpy(observations[steps]))[1]
        advantages, targets = self._advantages(rewards, values.numpy(), finals, done)
        flat = (observations[:-1], actions, log_probs, advantages, targets)
        return [torch.as_tensor(column).flatten(0, 1) for column in flat]

    def _advantages(
        self, rewards: np.ndarray, values: np.ndarray, finals: np.ndarray, done: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        ppo = self._ppo
        advantages = np.empty_like(rewards)
        advantage = np.zeros_like(rewards[0])
        for t in reversed(range(len(rewards))):
            following = np.where(done[t], finals[t], values[t + 1])
            error = rewards[t] + ppo.gamma * following - values[t]
            advantage = error + ppo.gamma * ppo.gae_lambda * ~done[t] * advantage
            advantages[t] = advantage
        return advantages, advantages + values[:-1]

    def learn(self, rollout: Any) -> None:
        """See ``Path``."""
        ppo = self._ppo
        for _ in range(ppo.num_epochs):
            order = torch.randperm(len(rollout[0]), generator=self._generator)
            for index in order.split(ppo.minibatch_size):
                self._step(*(column[index] for column in rollout))

    def _step(
        self, observations: Any, actions: Any, old: Any, advantages: Any, targets: Any
    ) -> None:
        ppo = self._ppo
        logits, values = self._net(observations)
        logs = torch.log_softmax(logits, -1).gather(-1, actions[:, None])[:, 0]
        ratio = (logs - old).exp()
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        clipped = ratio.clamp(1 - ppo.clip_range, 1 + ppo.clip_range)
        loss = -torch.min(advantages * ratio, advantages * clipped).mean()
        loss = loss + ppo.value_coef * (values - targets).square().mean()
        self._adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters, ppo.max_grad_norm)
        self._adam.step()


@dataclass(frozen=True)
class Seconds:
    """What one iteration took."""

    sampling: float
    learning: float

    @property
    def total(self) -> float:
        """Both parts; an iteration has no third one."""
        return self.sampling + self.learning


def measure(path: Path, clock: Callable[[], float]) -> Seconds:
    """Runs one iteration."""
    start = clock()
    rollout = path.sample()
    between = clock()
    path.learn(rollout)
    return Seconds(between - start, clock() - between)


def fastest_stock(config: TrainConfig, clock: Callable[[], float]) -> tuple[str, Stock]:
    """Returns stock RLlib with its best number of environments, and how it is to be called."""
    candidates = [(n, Stock(config, n)) for n in STOCK_ENVIRONMENTS]
    for _, stock in candidates:
        stock.sample()
    times = [min(measure(stock, clock).sampling for _ in range(2)) for _, stock in candidates]
    environments, stock = candidates[times.index(min(times))]
    return f"stock ({environments} environments)", stock


def compare(name: str, ppo: PPOConfig, repeats: int, clock: Callable[[], float]) -> None:
    """Measures one schedule and prints its table and ratios."""
    config = TrainConfig(ppo=ppo)
    label, stock = fastest_stock(config, clock)
    paths: dict[str, Path] = {label: stock, "ours": Ours(config), "plain": Plain(config)}
    for path in paths.values():
        measure(path, clock)
    taken: dict[str, list[Seconds]] = {label: [] for label in paths}
    for _ in range(repeats):
        for label, path in paths.items():
            taken[label].append(measure(path, clock))
    print(
        f"\n{name}: {ppo.num_worlds} worlds, {ppo.rollout_steps} steps, minibatch "
        f"{ppo.minibatch_size}, {ppo.num_epochs} epochs; median of {repeats}"
    )
    print(f"{'steps per second':28}{'end to end':>12}{'sampling':>12}{'learning':>12}")
    speeds = [_speeds(ppo.rollout_steps, seconds) for seconds in taken.values()]
    for label, speed in zip(taken, speeds, strict=True):
        print(f"{label:28}" + "".join(f"{value:12,.0f}" for value in speed))
    for label, other in (("ours / plain", speeds[2]), ("ours / stock", speeds[0])):
        ratios = (a / b for a, b in zip(speeds[1], other, strict=True))
        print(f"{label:28}" + "".join(f"{ratio:12.2f}" for ratio in ratios), flush=True)


def _speeds(steps: int, seconds: list[Seconds]) -> list[float]:
    parts = ("total", "sampling", "learning")
    return [steps / statistics.median(getattr(s, part) for s in seconds) for part in parts]


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer repeats: 2 instead of 7")
    parser.add_argument("--repeats", type=int, help="iterations measured for each path")
    parser.add_argument(
        "--schedule", choices=list(SCHEDULES), action="append", help="default: all of them"
    )
    parser.add_argument(
        "--clock",
        choices=["wall", "cpu"],
        default="wall",
        help="cpu: time of this process, for a machine that is busy with other things",
    )
    options = parser.parse_args(arguments)
    repeats = options.repeats or (2 if options.quick else 7)
    clock = time.perf_counter if options.clock == "wall" else time.process_time
    torch.set_num_threads(1)
    keep_freed_memory()
    print(f"torch {torch.__version__}, one thread, {options.clock} time")
    for name in options.schedule or SCHEDULES:
        compare(name, SCHEDULES[name], repeats, clock)
    return 0


if __name__ == "__main__":
    sys.exit(main())
