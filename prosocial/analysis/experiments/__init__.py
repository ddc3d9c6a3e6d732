"""What all experiments of `prosocial reproduce` have in common.

An experiment is a package of its own here (``commons``, ``teaching`` ...) and consists of

* a manifest (`manifest`): what ``experiment.json`` says, read, written and extended by one
  `ManifestFile`;
* its records: the tables of the finished runs, and their copy for good (`kept`);
* checks (`verdicts`): each claims something and is held, missed or not run;
* a report (`pages`): figures, tables and the page that shows all of it.

What the folders of all experiments look like stands in `folders`.
"""

from .folders import (
    MANIFEST,
    is_finished,
    read_contents,
    require_same_budget,
    software,
    write_contents,
)

__all__ = [
    "MANIFEST",
    "is_finished",
    "read_contents",
    "require_same_budget",
    "software",
    "write_contents",
]
