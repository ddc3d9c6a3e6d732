"""ASCII maps, views and shortest paths."""

import numpy as np
import pytest

from prosocial.envs.engine import LayoutError
from prosocial.envs.engine.grid import UNREACHABLE, copy_view, distances, pad, parse_map


def test_parse_map_drops_indentation_and_blank_lines():
    assert parse_map("\n   ##\n   .#\n\n", "#.").tolist() == [["#", "#"], [".", "#"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("##\n#", "row 2 .* has 1 cells, row 1 has 2"),
        ("##\n#?", "Unknown symbol '\\?' in row 2, column 2"),
    ],
)
def test_parse_map_names_the_fault(text, message):
    with pytest.raises(LayoutError, match=message):
        parse_map(text, "#.")


@pytest.mark.parametrize("heading", range(4))
def test_view_is_the_grid_turned_so_that_row_0_lies_ahead(heading):
    grid = np.arange(1, 26, dtype=np.uint8).reshape(5, 5)
    padded = pad(grid, 2, 0)
    out = np.zeros((5, 5, 1), np.uint8)
    copy_view(padded.ravel(), padded.shape[1], 4 * padded.shape[1] + 4, heading, 2, out)
    # Looking east, what lies east comes to the top: a quarter turn to the left.
    assert (out[:, :, 0] == np.rot90(grid, heading)).all()


def test_view_beyond_the_grid_is_padding():
    padded = pad(np.ones((1, 1), np.uint8), 1, 0)
    out = np.zeros((3, 3, 1), np.uint8)
    copy_view(padded.ravel(), 3, 4, 0, 1, out)
    assert out[:, :, 0].tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_distances_go_round_walls():
    symbols = parse_map("#####\n#...#\n#.###\n#...#\n#####", "#.")
    cells = (symbols == "#").astype(np.uint8).ravel()
    blocking = np.zeros(256, np.uint8)
    blocking[1] = 1
    out, queue = np.zeros(25, np.int32), np.zeros(25, np.int32)
    distances(cells, 5, 8, blocking, out, queue)
    assert out.reshape(5, 5)[1:4, 1:4].tolist() == [
        [2, 1, 0],
        [3, UNREACHABLE, UNREACHABLE],
        [4, 5, 6],
    ]
