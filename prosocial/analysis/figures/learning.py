"""Learning curves: a behaviour over the life of each group, with the phase switches marked."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from prosocial.analysis.figures import series
from prosocial.analysis.figures.drawing import draw_band, mark_switches, plain_steps
from prosocial.analysis.figures.errors import NotDrawnError
from prosocial.analysis.figures.plates import Grid, Plate, legend, wrapped
from prosocial.analysis.figures.study import Study


def learning(study: Study) -> Plate:
    """Plans the learning curves of a study.

    Args:
        study: Groups of runs.

    Raises:
        NotDrawnError: No episode has ended in any run.
    """
    measure = study.measure
    found = [
        (group, series.curves(group, measure, lives, study.options.smoothing))
        for group, lives in zip(study.groups, study.lives, strict=True)
        if series.recorded(lives, measure)
    ]
    if not found:
        raise NotDrawnError(f"no run recorded a value of {measure}: no episode has ended yet")
    bands = [(group, curve.env_steps, series.band(curve.values)) for group, curve in found]
    marks = series.switches(study.groups, study.lives)

    def draw(canvas: Figure, axes: list[Axes], width: str) -> None:
        panel = axes[0]
        for place, (group, steps, one) in enumerate(bands):
            draw_band(panel, steps, one, group, place)
        mark_switches(panel, marks)
        panel.set_xlabel("environment steps")
        panel.set_ylabel(wrapped(study.label()))
        if panel.dataLim.y0 >= 0.0:
            panel.set_ylim(bottom=0.0)
        plain_steps(axes)
        if len(bands) > 1:
            legend(canvas, axes, 3 if width == "single" else 6)

    where = "; ".join(f"{name} at {steps:,.0f}" for steps, name in marks.items())
    switched = f" Dashed lines: phase switches ({where})." if marks else ""
    return Plate(
        "learning",
        {"single": Grid(height=2.4), "double": Grid(height=2.6)},
        draw,
        (
            f"Learning curves: {study.label()} over environment steps (steps of one world, summed "
            f"over the parallel worlds).{switched}",
            study.counts([group for group, _ in found]),
            study.intervals(),
            study.smoothing_text([curve.block for _, curve in found]),
            *study.warnings(),
        ),
    )
