"""`prosocial reproduce`: a whole experiment with all conditions and seeds, table and figures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module

from prosocial.runs.reproducing import (
    Analysis,
    add_common_options,
    asked_budget,
    asked_folder,
    carry_out,
    chosen,
    seed_numbers,
)

PAPER = "value-internalization"
# The other experiments; each module has `main(argv)` and `analysis()`.
OTHERS = {
    "commons-internalization": "prosocial.runs.reproduce_commons",
    "bayesian-delegation": "prosocial.runs.reproduce_delegation",
    "imagined-we": "prosocial.runs.reproduce_imagined_we",
    "minds-in-learners": "prosocial.runs.reproduce_minds",
    "teaching-minds": "prosocial.runs.reproduce_teaching",
}

_EPILOG = """\
presets:
  quick   phases of 120k + 60k steps, ISR fitted in batches of 10, 3 seeds; figure 4a takes about
          ten minutes on 2 cores
  paper   the paper's numbers, 10 seeds; all figures take about 15 core hours
  smoke   2 % of quick, 1 seed: shows that everything runs, and claims nothing

An interrupted command goes on where it was when it is given again: finished runs are kept, others
resume from their last checkpoint. More figures or seeds can be added to the same output folder.

examples:
  prosocial reproduce value-internalization
  prosocial reproduce value-internalization --figures 4b,5 --seeds 5 --jobs 8
  prosocial reproduce value-internalization --figures all --preset paper --seeds 1234,1235
"""


def main(argv: Sequence[str]) -> int:
    """Trains what is missing, then writes tables and figures and prints the comparison.

    Args:
        argv: What follows `prosocial reproduce`.

    Returns:
        0, or 1 if a run failed.

    Raises:
        ConfigError: If an argument is wrong or the output folder holds another experiment.
    """
    if argv and argv[0] in OTHERS:
        return import_module(OTHERS[argv[0]]).main(argv[1:])
    arguments = _parser().parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.runs.experiments import budgets
    from prosocial.runs.experiments import value_internalization as experiment

    budget = asked_budget(arguments, budgets.preset)
    budget = replace(budget, goal_step_cost=arguments.goal_step_cost)
    figures = chosen("--figures", arguments.figures, experiment.FIGURES)
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    seeds = seeds or experiment.default_seeds(budget.seeds)
    root = asked_folder(arguments, arguments.paper)
    jobs = experiment.plan(root, figures, seeds, budget)
    command = ["prosocial", "reproduce", *argv]
    planned = experiment.manifest(jobs, arguments.preset, figures, seeds, budget, command)
    return carry_out(analysis(), jobs, planned, root, arguments.jobs)


def analysis(experiment: str = PAPER) -> Analysis:
    """What becomes of the runs of an experiment.

    Args:
        experiment: Its name, `PAPER` or one of `OTHERS`.
    """
    if experiment in OTHERS:
        return import_module(OTHERS[experiment]).analysis()
    from prosocial.analysis.value_internalization import archive, records, report

    return Analysis(records.FILE, archive.copy_tables, report.write_report, awaited="figures")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial reproduce",
        description="Run a whole experiment: train, compare with the published numbers, draw.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paper",
        choices=[PAPER, *OTHERS],
        metavar="EXPERIMENT",
        help=f"{PAPER} (Rong & Kleiman-Weiner 2024), whose options these are, or one of "
        f"{', '.join(OTHERS)}; theirs are told by: prosocial reproduce EXPERIMENT --help",
    )
    parser.add_argument(
        "--figures",
        default="4a",
        help="figures with commas, of 1b,3a,3b,4a,4b,5,6,7, or all (default: 4a, the headline)",
    )
    add_common_options(parser, "value-internalization")
    parser.add_argument(
        "--goal-step-cost",
        action="store_true",
        help="charge the ISR condition of 1b, 4a, 4b for the step into the goal, as the paper did",
    )
    return parser
