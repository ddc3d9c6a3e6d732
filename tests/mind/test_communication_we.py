"""The Imagined We: against the formulas written out, its published ordering, its faults."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from prosocial.agents.mind.communication.baselines import (
    MODELS,
    best_utility,
    literal,
    play,
    rational_speech_acts,
)
from prosocial.agents.mind.communication.gridworld import (
    SignallingGridConfig,
    designs,
    signalling_grids,
)
from prosocial.agents.mind.communication.imagined_we import imagined_we, outcome
from prosocial.agents.mind.communication.tasks import WAIT, SignallingTasks
from prosocial.envs.engine import ConfigError

ALPHA, BETA = 2.0, 3.0


def tiny(signaler=(5.0, 2.0), receiver=(3.0, 8.0), signal_cost=0.1, reward=10.0):
    """Returns one task: two items and a signal that fits both ("hey") or the first ("one")."""
    got = np.zeros((1, 2, 3, 3))
    for item in range(2):
        got[0, item, item + 1, :] = got[0, item, :, item + 1] = reward
    return SignallingTasks(
        rewards=got,
        signaler_costs=np.array([[0.0, *signaler]]),
        receiver_costs=np.array([[0.0, *receiver]]),
        meanings=np.array([[[[True, True], [True, False]]]]),
        signal_costs=np.full((1, 2), signal_cost),
        prior=np.full((1, 2), 0.5),
        mind_names=("first", "second"),
        signal_names=("hey", "one"),
    )


def softmax(values):
    weights = np.exp(np.array(values) - max(values))
    return weights / weights.sum()


def written_out(tasks, depth):
    """Returns belief (M, S) and signaler (M, 1 + S) of the first task, formula by formula."""
    utility, prior = tasks.joint_utility()[0], tasks.prior[0]
    minds, signals = len(prior), tasks.signal_costs.shape[1]
    true, cost = tasks.meanings[0, 0], tasks.signal_costs[0]
    acts = range(utility.shape[2])
    plan = [softmax(ALPHA * utility[m, WAIT]) for m in range(minds)]
    unasked = softmax(
        [ALPHA * sum(prior[m] * utility[m, :, a].max() for m in range(minds)) for a in acts]
    )
    silence = [max(utility[m, s] @ unasked for s in range(utility.shape[1])) for m in range(minds)]
    understood = [plan[m] @ utility[m, WAIT] for m in range(minds)]
    belief = np.zeros((minds, signals))
    for s in range(signals):
        sensible = [m for m in range(minds) if true[m, s] and understood[m] - cost[s] > silence[m]]
        for m in sensible or [m for m in range(minds) if true[m, s]]:
            belief[m, s] = prior[m]
    belief /= belief.sum(0)
    signaler = np.zeros((minds, 1 + signals))
    for level in range(depth + 1):
        for m in range(minds):
            values = {0: silence[m]}
            for s in range(signals):
                if true[m, s]:
                    does = sum(belief[k, s] * plan[k] for k in range(minds))
                    values[1 + s] = does @ utility[m, WAIT] - cost[s]
            signaler[m] = 0
            signaler[m, list(values)] = softmax([BETA * v for v in values.values()])
        if level < depth:
            belief = signaler[:, 1:] * prior[:, None]
            belief /= belief.sum(0)
    return belief, signaler


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_it_is_what_the_formulas_say(depth):
    drawn = signalling_grids(SignallingGridConfig(size=4, num_walls=2), 5, seed=3).tasks
    alone = [
        replace(drawn, **{name: getattr(drawn, name)[k : k + 1] for name in (
            "rewards", "signaler_costs", "receiver_costs", "meanings", "signal_costs", "prior")})
        for k in range(5)
    ]  # fmt: skip
    together = imagined_we(drawn, depth, alpha=ALPHA, beta=BETA)
    for k, tasks in enumerate([*alone, tiny()]):
        belief, signaler = written_out(tasks, depth)
        found = imagined_we(tasks, depth, alpha=ALPHA, beta=BETA)
        assert np.abs(found.belief[0] - belief).max() < 1e-6
        assert np.abs(found.signaler[0] - signaler).max() < 1e-6
        if k < 5:
            assert np.allclose(together.belief[k], found.belief[0], atol=1e-12)


def test_an_ambiguous_signal_means_what_the_other_had_better_do():
    tasks = tiny()
    hey = tasks.signal("hey")
    found = imagined_we(tasks, 0)
    # The receiver is nearer to the first, the signaler to the second: "hey" is the first.
    assert found.belief[0, :, hey].tolist() == [1, 0]
    assert found.receiver[0, hey].argmax() == 1
    assert found.alone[0, 1] == 2
    turned = imagined_we(tiny(signaler=(2.0, 5.0), receiver=(8.0, 3.0)), 0)
    assert turned.belief[0, :, hey].tolist() == [0, 1]


def test_when_the_signaler_is_nearer_it_is_silent_and_does_it():
    tasks = tiny()
    for depth in range(4):
        signaler = imagined_we(tasks, depth).signaler[0]
        assert signaler[1, 0] > 0.99
        assert signaler[0, 0] < 0.01
    assert (
        imagined_we(tiny(signaler=(1.0, 1.0), receiver=(3.0, 3.0)), 0).signaler[0, :, 0].min()
        > 0.99
    )


def test_what_is_dearer_than_it_is_worth_is_left_alone():
    tasks = tiny(signaler=(20.0, 20.0), receiver=(20.0, 20.0))
    for model in MODELS:
        if model not in ("literal", "rsa"):
            assert play(tasks, model).utility[0] == pytest.approx(0, abs=0.05)
    assert best_utility(tasks)[0] == 0


def test_a_meaning_that_makes_no_sense_is_taken_literally():
    tasks = tiny(signaler=(1.0, 1.0), receiver=(3.0, 3.0))
    assert imagined_we(tasks, 0).belief[0, :, 0].tolist() == [0.5, 0.5]


def test_outcomes_are_expectations_over_minds_signals_and_actions():
    tasks = signalling_grids(SignallingGridConfig(), 3, seed=5).tasks
    found = imagined_we(tasks, 1, alpha=ALPHA, beta=BETA)
    expected = outcome(tasks, found)
    joint = tasks.joint_utility()
    for t in range(3):
        utility = right = sent = 0.0
        for m in range(6):
            silent = joint[t, m, found.alone[t, m]] @ found.unasked[t]
            utility += found.signaler[t, m, 0] * silent / 6
            for s in range(6):
                share = found.signaler[t, m, 1 + s] / 6
                utility += share * (found.receiver[t, s] @ joint[t, m, WAIT] - 0.1)
                right += share * found.belief[t, m, s]
                sent += share
        assert expected.utility[t] == pytest.approx(utility)
        assert expected.accuracy[t] == pytest.approx(right / sent)
        assert expected.signalled[t] == pytest.approx(sent)


@pytest.fixture(scope="module")
def played():
    """Means over tasks of a few sets: utility and accuracy by ambiguity, model and depth."""
    found = {}
    for ambiguity in (1 / 6, 1 / 3, 1 / 2, 1.0):
        sets = [
            signalling_grids(SignallingGridConfig(colours=c, shapes=s), 150, seed=11).tasks
            for c, s in designs(6, ambiguity)
        ]
        for model in MODELS:
            for depth in range(3):
                outcomes = [play(tasks, model, depth) for tasks in sets]
                sent = np.concatenate([one.signalled for one in outcomes])
                right = np.nan_to_num(np.concatenate([one.accuracy for one in outcomes]))
                utility = np.mean([one.utility for one in outcomes])
                accuracy = (right * sent).sum() / max(sent.sum(), 1e-12)
                found[ambiguity, model, depth] = utility, accuracy
    return found


def test_the_published_ordering_holds_at_the_shallowest_level(played):
    for ambiguity in (1 / 3, 1 / 2, 1.0):
        utility, accuracy = played[ambiguity, "imagined_we", 0]
        for other in ("literal", "rsa", "individual"):
            assert accuracy > played[ambiguity, other, 0][1] + 0.05
            assert utility > played[ambiguity, other, 0][0] + 0.05


def test_accuracy_does_not_fall_with_depth_and_rises_where_signals_are_ambiguous(played):
    for ambiguity in (1 / 6, 1 / 3, 1 / 2, 1.0):
        levels = [played[ambiguity, "imagined_we", depth][1] for depth in range(3)]
        assert all(later >= earlier - 0.01 for earlier, later in pairwise(levels))
        assert ambiguity == 1 / 6 or levels[-1] > levels[0] + 0.02


def test_signals_never_hurt(played):
    for ambiguity in (1 / 6, 1 / 3, 1 / 2, 1.0):
        for depth in range(3):
            utility = played[ambiguity, "imagined_we", depth][0]
            assert utility >= played[ambiguity, "do_it_myself", 0][0]
            assert utility >= played[ambiguity, "no_communication", 0][0]


def test_the_advantage_over_information_alone_grows_with_ambiguity(played):
    gaps = [
        played[ambiguity, "imagined_we", 2][0] - played[ambiguity, "rsa", 2][0]
        for ambiguity in (1 / 6, 1 / 3, 1 / 2, 1.0)
    ]
    assert all(later > earlier for earlier, later in pairwise(gaps))


def test_a_literal_receiver_has_the_accuracy_that_counting_gives():
    sets = [(SignallingGridConfig(), 1 / 2), (SignallingGridConfig((6,), (6,)), 1 / 6)]
    for config, expected in sets:
        tasks = signalling_grids(config, 20, seed=1).tasks
        assert np.allclose(outcome(tasks, literal(tasks)).accuracy, expected)
    assert rational_speech_acts(tasks, 2).signaler[..., 0].max() < 1e-9


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda t: t.signal("you"), "no signal 'you'; expected one of hey, one"),
        (lambda t: play(t, "we"), "There is no model 'we'"),
        (lambda t: play(t, "imagined_we", -1), "depth is -1"),
        (lambda t: play(t, "imagined_we", 0, beta=0), "beta is 0"),
        (lambda t: play(t, "imagined_we", 0, beta=np.inf), "beta is inf"),
        (lambda t: play(t, "literal", 0, alpha=0), "alpha is 0"),
        (lambda t: replace(t, signaler_costs=-t.signaler_costs), "signaler_costs has the value -5"),
        (lambda t: replace(t, signal_costs=t.signal_costs - 1), "signal_costs has the value -0.9"),
        (lambda t: replace(t, receiver_costs=t.receiver_costs + 1), "Action 0 of either side"),
        (lambda t: replace(t, prior=t.prior * 2), "must be >= 0 and sum to one"),
        (
            lambda t: replace(t, prior=np.array([[0.0, 1.0]])),
            "'one' of task 0 has an empty meaning",
        ),
        (lambda t: replace(t, meanings=t.meanings[:, :, :, :1]), "meanings has shape"),
        (lambda t: replace(t, mind_names=("first",)), "1 names for 2 minds"),
    ],
)
def test_faulty_tasks_and_models_say_what_is_wrong(make, message):
    with pytest.raises(ConfigError, match=message):
        make(tiny())
