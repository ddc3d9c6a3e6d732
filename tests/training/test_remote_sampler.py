"""A life on two remote runners, one of which is killed on the way."""

import numpy as np
import pytest
import ray

from prosocial.agents.training import remote_sampler
from prosocial.agents.training.config import PhaseConfig, PPOConfig, TrainConfig
from prosocial.agents.training.life_course import LifeCourse
from prosocial.agents.training.remote_sampler import RemoteSampler
from prosocial.agents.training.rollout import join
from prosocial.agents.training.run_folder import read_checkpoint, read_table
from prosocial.agents.training.runner import BatchEnvRunner
from prosocial.agents.training.world_setup import WorldSetup
from prosocial.envs.engine.errors import ConfigError

PHASES = (
    PhaseConfig(name="social", steps=360, collect=True),
    PhaseConfig(name="none", steps=360, caregiver={"schedule": "never"}),
)
CONFIG = TrainConfig(
    seed=5,
    ppo=PPOConfig(num_worlds=6, rollout_steps=120, minibatch_size=60, num_epochs=2),
    phases=PHASES,
    num_env_runners=2,
)


class Watched(RemoteSampler):
    """Can be reached from the test."""

    last: "Watched"

    def __init__(self, config):
        super().__init__(config)
        Watched.last = self

    def kill(self, runner: int) -> None:
        ray.kill(self._group._worker_manager.actors()[runner], no_restart=False)


class InProcess:
    """The same two runners without Ray."""

    def __init__(self, config):
        self.runners = [
            BatchEnvRunner(config=config, worker_index=index, num_workers=2) for index in (1, 2)
        ]

    def sample(self, weights, setup, worlds):
        parts = [
            runner.collect(weights, setup, state)
            for runner, state in zip(self.runners, worlds or (None, None), strict=True)
        ]
        return join([rollout for rollout, _ in parts]), [after for _, after in parts]

    def close(self):
        pass


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_lost_runner_changes_no_result(tmp_path, monkeypatch):
    def disturb(row):
        if row["iteration"] == 3:  # the second phase has begun
            Watched.last.kill(2)
        if row["iteration"] == 5:
            bad = WorldSetup("caregiver_grid", {"layout": "spiral"})
            with pytest.raises(ConfigError, match="spiral"):
                Watched.last.sample({}, bad, None)
            assert Watched.last._group.num_healthy_remote_env_runners() == 2
            assert Watched.last._group.num_remote_worker_restarts() == 1

    monkeypatch.setattr(remote_sampler, "RemoteSampler", Watched)
    LifeCourse(CONFIG, tmp_path / "remote").run(disturb)
    assert not ray.is_initialized()  # the cluster that was started is ended

    monkeypatch.setattr(remote_sampler, "RemoteSampler", InProcess)
    LifeCourse(CONFIG, tmp_path / "local").run()
    ours, theirs = (read_checkpoint(tmp_path / name).tensors for name in ("remote", "local"))
    assert [n for n, tensor in theirs.items() if not np.array_equal(ours[n], tensor)] == []
    ours, theirs = (
        read_table(tmp_path / name, "metrics").drop("seconds") for name in ("remote", "local")
    )
    assert ours.equals(theirs)
