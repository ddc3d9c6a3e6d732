"""What the Imagined We is compared with, and one function that plays any of the models.

* "literal": the signaler says any true thing, the receiver takes it literally.
* "rsa": the pragmatic recursion on information alone (see ``rsa``), without utilities.
* "individual": the recursion of ``imagined_we`` with everybody's own utility, reward − own cost.
* "no_communication": the receiver acts on its prior, the signaler does what is best beside that.
* "do_it_myself": the signaler does it, or nothing if that is better; the receiver waits.

In "literal" and "rsa" the signaler always speaks, and the receiver gets what it takes to be meant
if that is worth its own cost: they know nothing of who had better do it.
"""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import ConfigError, nearest

from .imagined_we import ALPHA, BETA, Conversation, Outcome, converse, imagined_we, outcome
from .rsa import check_depth, check_rationality, literal_listener, normalised, pragmatics, softmax
from .tasks import WAIT, SignallingTasks

MODELS = (
    "imagined_we",
    "individual",
    "rsa",
    "literal",
    "no_communication",
    "do_it_myself",
)


def play(
    tasks: SignallingTasks, model: str, depth: int = 0, *, alpha: float = ALPHA, beta: float = BETA
) -> Outcome:
    """Returns what comes of a model in every task.

    Args:
        tasks: The tasks.
        model: One of ``MODELS``.
        depth: Level of the receiver, >= 0; the last three models have none and ignore it.
        alpha: Rationality of actions, finite and above 0, per unit of reward.
        beta: Rationality of signalers, likewise; of "rsa" the exponent of information.

    Raises:
        ConfigError: The model is unknown or a number out of its range.
    """
    if model not in MODELS:
        raise ConfigError(f"There is no model {model!r}. {nearest(str(model), MODELS)}")
    if model == "imagined_we":
        return outcome(tasks, imagined_we(tasks, depth, alpha=alpha, beta=beta))
    if model == "individual":
        return outcome(tasks, individual(tasks, depth, alpha=alpha, beta=beta))
    if model == "rsa":
        return outcome(tasks, rational_speech_acts(tasks, depth, alpha=alpha, beta=beta))
    if model == "literal":
        return outcome(tasks, literal(tasks, alpha=alpha))
    return outcome(tasks, no_communication(tasks, alone=model == "do_it_myself", alpha=alpha))


def best_utility(tasks: SignallingTasks) -> np.ndarray:
    """Returns the joint utility of two who both know the mind, float64 (T,): no model has more."""
    best = tasks.joint_utility().max((2, 3))
    return (tasks.prior * best).sum(-1)


def individual(
    tasks: SignallingTasks, depth: int, *, alpha: float = ALPHA, beta: float = BETA
) -> Conversation:
    """Returns the conversation of two who each mind their own costs alone."""
    return converse(
        tasks, tasks.signaler_utility(), tasks.receiver_utility(), depth, alpha=alpha, beta=beta
    )


def rational_speech_acts(
    tasks: SignallingTasks, depth: int, *, alpha: float = ALPHA, beta: float = BETA
) -> Conversation:
    """Returns the conversation of a pragmatic pair that knows of information only."""
    depth, beta = check_depth(depth), check_rationality("beta", beta)
    true = tasks.meanings.any(1)
    found = pragmatics(true, depth, beta, "information", tasks.prior)
    return _always_speaking(tasks, found.listener, found.speaker, alpha)


def literal(tasks: SignallingTasks, *, alpha: float = ALPHA) -> Conversation:
    """Returns the conversation of a signaler who says any true thing and a literal receiver."""
    true = tasks.meanings.any(1)
    says = normalised(true.astype(float), -1)
    return _always_speaking(tasks, literal_listener(true, tasks.prior), says, alpha)


def no_communication(
    tasks: SignallingTasks, *, alone: bool = False, alpha: float = ALPHA
) -> Conversation:
    """Returns what the two do without any signal.

    Args:
        tasks: The tasks.
        alone: Whether the receiver waits whatever happens.
        alpha: Rationality of the receiver's actions, finite and above 0.
    """
    found = imagined_we(tasks, 0, alpha=alpha)
    silent = np.zeros_like(found.signaler)
    silent[..., 0] = 1
    if not alone:
        return Conversation(found.belief, found.receiver, found.unasked, silent, found.alone)
    waiting = np.zeros_like(found.unasked)
    waiting[:, WAIT] = 1
    best = tasks.joint_utility()[..., WAIT].argmax(-1)
    return Conversation(found.belief, found.receiver, waiting, silent, best)


def _always_speaking(
    tasks: SignallingTasks, belief: np.ndarray, says: np.ndarray, alpha: float
) -> Conversation:
    """Completes a conversation in which silence is for those alone who can say nothing true."""
    alpha = check_rationality("alpha", alpha)
    gets = softmax(alpha * tasks.receiver_utility()[:, :, WAIT])
    quiet = no_communication(tasks, alpha=alpha)
    speechless = 1.0 - says.sum(-1, keepdims=True)
    return Conversation(
        belief,
        np.einsum("tms,tmr->tsr", belief, gets),
        quiet.unasked,
        np.concatenate([np.maximum(speechless, 0.0), says], -1),
        quiet.alone,
    )
