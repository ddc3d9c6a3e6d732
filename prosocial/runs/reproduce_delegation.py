"""`prosocial reproduce bayesian-delegation`: cooks who infer who does what."""

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

NAME = "bayesian-delegation"
_DESCRIPTION = "Do cooks who infer who works on what work well together?"
_CHOICES = {
    "plays": "of self2 (pairs of one model), self3 (three of one), adhoc (ordered pairs of two); "
    "or all (default)",
    "kitchens": "of open_divider, partial_divider, full_divider; or all (default)",
    "recipes": "of tomato, tomato_lettuce, salad; or all (default)",
    "models": "of bayesian_delegation, uniform_prior, fixed_beliefs, divide_and_conquer, "
    "greedy_cook; or all (default)",
}
_EPILOG = """\
The five models of "Too many cooks" (Wu, Wang et al. 2021: Bayesian Delegation, uniform priors,
fixed beliefs, divide and conquer, greedy) cook in three kitchens by three recipes: in self-play
with two and three agents, and in all ordered pairs of models. Everything is compared with the
published table and with the exact joint optimum.

presets:
  quick   5 seeds, everything: a few minutes on 2 cores
  paper   20 seeds, as in the paper
  smoke   2 seeds, 20 steps: shows that everything runs, and claims nothing

An interrupted command goes on where it was when it is given again: finished runs are kept. More
seeds, kitchens or models can be added to the same output folder.

examples:
  prosocial reproduce bayesian-delegation
  prosocial reproduce bayesian-delegation --kitchens full_divider --recipes tomato --plays self2
  prosocial reproduce bayesian-delegation --preset paper --seeds 40 --jobs 8
"""


def main(argv: Sequence[str]) -> int:
    """Plays what is missing, writes tables and figures, prints the comparison.

    Args:
        argv: What follows `prosocial reproduce bayesian-delegation`.

    Returns:
        0, or 1 if a run failed.

    Raises:
        ConfigError: If an argument is wrong or the output folder holds another experiment.
    """
    parser = experiment_parser(NAME, _DESCRIPTION, _EPILOG, _CHOICES)
    arguments = parser.parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.analysis.delegation import published
    from prosocial.runs.experiments.delegation import budgets
    from prosocial.runs.experiments.delegation import plan as experiment

    budget = asked_budget(arguments, budgets.preset)
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    root = asked_folder(arguments, NAME)
    jobs = experiment.plan(
        root,
        chosen("--plays", arguments.plays, experiment.PLAYS),
        chosen("--kitchens", arguments.kitchens, published.KITCHENS),
        chosen("--recipes", arguments.recipes, published.RECIPES),
        chosen("--models", arguments.models, published.MODELS),
        seeds or experiment.default_seeds(budget.seeds),
        budget,
    )
    command = ["prosocial", "reproduce", NAME, *argv]
    planned = experiment.manifest(jobs, arguments.preset, budget, command)
    return carry_out(analysis(), jobs, planned, root, arguments.jobs)


def analysis() -> Analysis:
    """What becomes of the runs."""
    from prosocial.analysis.delegation import manifest, report

    return Analysis(manifest.FILE, manifest.copy_tables, report.write_report, awaited="runs")
