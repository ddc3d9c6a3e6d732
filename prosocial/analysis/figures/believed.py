"""Posterior traces of a run whose learners hold a mind, see `prosocial.analysis.posteriors`."""

from __future__ import annotations

from prosocial.agents.mind.trace import load_trace
from prosocial.analysis.figures.errors import NotDrawnError
from prosocial.analysis.figures.plates import Plate
from prosocial.analysis.figures.study import Study
from prosocial.analysis.posteriors import plan_posteriors


def posteriors(study: Study) -> list[Plate]:
    """Plans a figure for each trace of a single run.

    Raises:
        NotDrawnError: There are several runs, or the run recorded no posteriors.
    """
    if len(study.runs) != 1:
        raise NotDrawnError("posteriors are drawn of a single run; give one")
    run = study.runs[0]
    traces = sorted(run.path.glob("posteriors/*.npz"))
    if not traces:
        raise NotDrawnError(
            f"{run.path} has no posteriors/*.npz: its learners hold no mind, or it was not "
            "evaluated yet"
        )
    return [
        plan_posteriors(load_trace(path), f"posteriors-{path.stem}", source=path.as_posix())
        for path in traces
    ]
