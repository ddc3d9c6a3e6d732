"""One self-contained page about runs: configuration, provenance, tables, figures, replays.

`read_runs` reads run folders, `pictures` and `replay_links` make what they can show, and `render`
puts all of it on a page of HTML without any reference to the network.
"""

from .configuration import Group, differing, group
from .page import Contents, Study, render
from .pictures import Picture, Pictures, pictures, read_picture
from .records import Run, find_runs, read_run, read_runs
from .replays import ReplayLink, replay_links

__all__ = [
    "Contents",
    "Group",
    "Picture",
    "Pictures",
    "ReplayLink",
    "Run",
    "Study",
    "differing",
    "find_runs",
    "group",
    "pictures",
    "read_picture",
    "read_run",
    "read_runs",
    "render",
    "replay_links",
]
