"""`prosocial reproduce minds-in-learners`: learners with and without what a mind infers."""

from __future__ import annotations

from collections.abc import Sequence

from prosocial.runs.reproducing import (
    Analysis,
    asked_budget,
    asked_folder,
    carry_out,
    chosen,
    experiment_parser,
    seed_numbers,
)

NAME = "minds-in-learners"
_DESCRIPTION = "What is it worth to a learner to see what a mind infers of the other?"
_CHOICES = {"tasks": "of doors,helping,kitchen, or all (default)"}
_EPILOG = """\
Each task is learned by two kinds of learners that differ in one thing: whether the policy also sees
the posterior of a Bayesian mind over what the other is up to (goals, sub-tasks), its entropy and
the action that it predicts.

  doors     the learner opens doors for somebody whose goal it does not see
  helping   the learner of helping_grid clears the caregiver's way
  kitchen   the learner cooks beside a partner who delegates by inference

presets:
  quick   3 seeds, half the steps
  paper   5 seeds
  smoke   4 % of the steps, 1 seed: shows that everything runs, and claims nothing

An interrupted command goes on where it was when it is given again. More tasks or seeds can be added
to the same output folder.

examples:
  prosocial reproduce minds-in-learners
  prosocial reproduce minds-in-learners --tasks doors --seeds 10
"""


def main(argv: Sequence[str]) -> int:
    """Trains what is missing, writes table and figure and prints the comparison.

    Args:
        argv: What follows `prosocial reproduce minds-in-learners`.

    Returns:
        0, or 1 if a run failed.

    Raises:
        ConfigError: If an argument is wrong or the output folder holds another experiment.
    """
    parser = experiment_parser(NAME, _DESCRIPTION, _EPILOG, _CHOICES)
    arguments = parser.parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.analysis.minds.manifest import TASKS
    from prosocial.runs.experiments.minds import budgets
    from prosocial.runs.experiments.minds import plan as experiment

    budget = asked_budget(arguments, budgets.preset)
    tasks = chosen("--tasks", arguments.tasks, tuple(TASKS))
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    root = asked_folder(arguments, NAME)
    jobs = experiment.plan(root, tasks, seeds or experiment.default_seeds(budget.seeds), budget)
    command = ["prosocial", "reproduce", NAME, *argv]
    planned = experiment.manifest(jobs, arguments.preset, budget, command)
    return carry_out(analysis(), jobs, planned, root, arguments.jobs)


def analysis() -> Analysis:
    """What becomes of the runs."""
    from prosocial.analysis.minds import manifest, records, report

    return Analysis(
        manifest.FILE, records.copy_tables, report.write_report, heading="Checks", number_width=12
    )
