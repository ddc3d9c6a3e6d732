"""caregiver_grid as an ordinary Gymnasium environment in plain Python, to compare the engine to.

Written as such environments usually are: one object per world, a list of rows, a Python loop over
the cells of the view. It has the rules of ``prosocial/envs/worlds/caregiver_grid`` at its defaults,
which a test checks step for step.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import gymnasium
import numpy as np

TURN_LEFT, TURN_RIGHT, FORWARD = range(3)
OUTSIDE, EMPTY, WALL, GOAL, AGENT = 0, 1, 2, 8, 10
COLOURS = {OUTSIDE: 0, EMPTY: 0, WALL: 5, GOAL: 1}
MOVES = [(-1, 0), (0, 1), (1, 0), (0, -1)]  # north, east, south, west


class PlainCaregiverGrid(gymnasium.Env):
    """A learner walks to goals; reward is -0.045 for a step forward, 0 for the one into the goal.

    Attributes:
        grid: Rows of cell codes, without the learner.
        position: Row and column of the learner.
        heading: 0 north, 1 east, 2 south, 3 west.
    """

    def __init__(
        self, size: int = 7, num_walls: int = 3, step_cost: float = 0.045, max_steps: int = 20
    ) -> None:
        self.size, self.num_walls = size, num_walls
        self.step_cost, self.max_steps = step_cost, max_steps
        self.radius = size - 3
        side = 2 * self.radius + 1
        self.observation_space = gymnasium.spaces.Box(0, 255, (side, side, 4), np.uint8)
        self.action_space = gymnasium.spaces.Discrete(3)
        self.grid: list[list[int]] = []
        self.position = (1, 1)
        self.heading = 0
        self.steps = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begins an episode on a new map."""
        super().reset(seed=seed)
        self.steps = 0
        self._draw_map()
        return self.observe(), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Moves the learner; entering the goal draws a new map."""
        reward = 0.0
        info = {"goal": 0, "forward": 0, "bump": 0}
        if action == TURN_LEFT:
            self.heading = (self.heading - 1) % 4
        elif action == TURN_RIGHT:
            self.heading = (self.heading + 1) % 4
        else:
            info["forward"] = 1
            move = MOVES[self.heading]
            row, column = self.position[0] + move[0], self.position[1] + move[1]
            entered = self.grid[row][column]
            if entered == GOAL:
                info["goal"] = 1
                self._draw_map()
            else:
                reward = -self.step_cost
                if entered == EMPTY:
                    self.position = (row, column)
                else:
                    info["bump"] = 1
        self.steps += 1
        return self.observe(), reward, False, self.steps >= self.max_steps, info

    def observe(self) -> np.ndarray:
        """Returns the view of the learner, turned so that row 0 lies ahead: uint8 (9, 9, 4)."""
        view = np.zeros(self.observation_space.shape or (), np.uint8)
        ahead, right = MOVES[self.heading], MOVES[(self.heading + 1) % 4]
        radius = self.radius
        for i in range(2 * radius + 1):
            for j in range(2 * radius + 1):
                row = self.position[0] + (radius - i) * ahead[0] + (j - radius) * right[0]
                column = self.position[1] + (radius - i) * ahead[1] + (j - radius) * right[1]
                inside = 0 <= row < self.size and 0 <= column < self.size
                code = self.grid[row][column] if inside else OUTSIDE
                view[i, j] = code, COLOURS[code], 0, code == GOAL
        view[radius, radius] = AGENT, 0, self.heading, 0
        return view

    def _draw_map(self) -> None:
        inner = range(1, self.size - 1)
        cells = [(row, column) for row in inner for column in inner]
        while True:
            order = self.np_random.permutation(len(cells))
            drawn = [cells[k] for k in order[: self.num_walls + 2]]
            self.grid = [
                [EMPTY if r in inner and c in inner else WALL for c in range(self.size)]
                for r in range(self.size)
            ]
            for row, column in drawn[2:]:
                self.grid[row][column] = WALL
            self.grid[drawn[0][0]][drawn[0][1]] = GOAL
            self.position, self.heading = drawn[1], int(self.np_random.integers(4))
            if self._reachable(drawn[0]):
                return

    def _reachable(self, goal: tuple[int, int]) -> bool:
        seen, queue = {self.position}, deque([self.position])
        while queue:
            row, column = queue.popleft()
            if (row, column) == goal:
                return True
            for move in MOVES:
                cell = (row + move[0], column + move[1])
                if cell not in seen and self.grid[cell[0]][cell[1]] != WALL:
                    seen.add(cell)
                    queue.append(cell)
        return False
