"""A text agent without a language model: it reads the numbers in its prompt and follows a rule."""

from __future__ import annotations

import math
import re

from prosocial.envs.engine.errors import ActionError, ConfigError, nearest

POLICIES = ("sustainable", "greedy", "fixed:N")

_HARVEST = re.compile(r"Your task: decide how many .*, a whole number from 0 to (\d+)\.")
_UTTERANCE = re.compile(r"Your task: say what you, (.+?), want to say now\.")
_SUMMARY = "Your task: sum up the conversation"
_REFLECTION = "Your task: think about what happened"
_COUNT = re.compile(r"one of (\d+) |all (\d+) of you|makes (\d+) of you")
_CAPACITY = re.compile(r"(?:from|between) 0 (?:to|and|up to) (\d+)")
_GROWTH = re.compile(r"grows to ([\d.]+) times")
_STOCK = re.compile(r"Before this month's \w+ there are (\d+) ")
_PRESENT = re.compile(r"^Present: (.+)$", re.MULTILINE)
_CONVERSATION = re.compile(
    r"^Conversation(?: so far)?:\n(.*?)\n\nYour task", re.DOTALL | re.MULTILINE
)
_CATCH = re.compile(r"(?:: |, | and )([^,:]+?) (?:caught|grazed|produced) (\d+)")
_PROPOSAL = re.compile(r"\bat most (\d+)\b")


class ScriptedTextAgent:
    """Harvests and talks by a fixed rule, from what stands in the prompt alone.

    Rules:

    * ``sustainable``: takes an equal share of what grows back, asks the others to do the same and
      names those who took more;
    * ``greedy``: takes everything there is, and says so;
    * ``fixed:N``: takes N each month, at most what there is.

    In a conversation it gives the word to the next one who has not spoken and concludes when all
    have. As the mediator it reports a limit that more than half of those present have named.
    """

    def __init__(self, policy: str) -> None:
        """Takes the name of a rule.

        Raises:
            ConfigError: The rule is unknown, or N is no whole number.
        """
        name, _, number = policy.partition(":")
        if name == "fixed" and number.isdecimal():
            self._units: int | None = int(number)
        elif policy in ("sustainable", "greedy"):
            self._units = None
        else:
            raise ConfigError(
                f"There is no scripted text agent {policy!r}. {nearest(policy, POLICIES)}"
            )
        self.policy = name

    def act(self, text: str) -> str:
        """Returns the answer to a prompt of ``prosocial.envs.text``.

        Raises:
            ActionError: The prompt is of another kind.
        """
        harvest, utterance = _HARVEST.search(text), _UTTERANCE.search(text)
        if harvest:
            return self._harvest(text, int(harvest[1]))
        if utterance:
            return self._talk(text, utterance[1])
        if _SUMMARY in text:
            return _sum_up(text)
        if _REFLECTION in text:
            return self._reflect(text)
        raise ActionError(
            "The prompt asks for nothing that ScriptedTextAgent knows (a harvest decision, an "
            f"entry of a conversation, its summary, a reflection). It begins: {text[:80]!r}"
        )

    def _harvest(self, text: str, stock: int) -> str:
        share = _share(stock, text)
        units = {"greedy": stock, "sustainable": share, "fixed": self._units or 0}[self.policy]
        units = min(units, stock)
        return (
            f"There are {stock}. An equal share of what grows back is {share} each. "
            f"I take {units}.\nAnswer: {units}"
        )

    def _talk(self, text: str, speaker: str) -> str:
        names = _found(_PRESENT, text).split(", ")
        entries = _entries(text)
        unheard = [n for n in names if n != speaker and n not in {who for who, _ in entries[1:]}]
        if self.policy == "sustainable":
            words = _appeal(text, entries, names)
        elif self.policy == "greedy":
            words = "I need the income, and I will go on taking as much as I can get."
        else:
            words = f"I will take {self._units} next month, as always."
        others = [name for name in names if name != speaker]
        order = names[names.index(speaker) :] + names[: names.index(speaker)]
        following = next((name for name in order if name in unheard), others[0])
        return f"Say: {words}\nConcludes: {'no' if unheard else 'yes'}\nNext: {following}"

    def _reflect(self, text: str) -> str:
        if self.policy == "sustainable":
            share = _share(int(_found(_STOCK, text)), text)
            return f"- [8] It lasts as long as nobody takes more than {share} of what was there."
        if self.policy == "greedy":
            return "- [5] What I do not take, somebody else takes."
        return f"- [5] I keep taking {self._units} a month."


def _appeal(text: str, entries: list[tuple[str, str]], names: list[str]) -> str:
    """Returns the words of a sustainable agent: agreement, or a proposal and who took too much."""
    stock = int(_found(_STOCK, text))
    catches = {name: int(units) for name, units in _CATCH.findall(entries[0][1])}
    following = min(
        int(_found(_CAPACITY, text)), int(_growth(text) * (stock - sum(catches.values())))
    )
    share, proposal = _share(stock, text), _share(following, text)
    named = {int(n) for _, said in entries[1:] for n in _PROPOSAL.findall(said)}
    if proposal in named:
        return f"I agree, at most {proposal} each next month."
    over = [f"{n} ({catches[n]})" for n in names if catches.get(n, 0) > share]
    blame = f"{', '.join(over)}: that is more than the {share} each that last. " if over else ""
    return f"{blame}Next month there will be {following}. I propose at most {proposal} each."


def _sum_up(text: str) -> str:
    names = _found(_PRESENT, text).split(", ")
    supporters: dict[int, set[str]] = {}
    for speaker, said in _entries(text)[1:]:
        for number in _PROPOSAL.findall(said):
            supporters.setdefault(int(number), set()).add(speaker)
    agreed = [n for n, who in supporters.items() if len(who & set(names)) * 2 > len(names)]
    if not agreed:
        return "Summary: They talked but agreed on no limit.\nAnswer: none"
    limit = min(agreed)
    return f"Summary: They agreed to take at most {limit} each.\nAnswer: {limit}"


def _share(stock: int, text: str) -> int:
    """Returns each one's share of what grows back, rounded down."""
    count = next(int(n) for n in _match(_COUNT, text).groups() if n)
    return (stock - math.ceil(stock / _growth(text))) // count


def _growth(text: str) -> float:
    grows = _GROWTH.search(text)
    return float(grows[1]) if grows else 2.0


def _entries(text: str) -> list[tuple[str, str]]:
    pairs = (line.partition(": ") for line in _found(_CONVERSATION, text).splitlines())
    return [(speaker, said) for speaker, _, said in pairs]


def _found(pattern: re.Pattern[str], text: str) -> str:
    return _match(pattern, text)[1]


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    match = pattern.search(text)
    if match is None:
        raise ActionError(
            f"The prompt lacks what ScriptedTextAgent reads with {pattern.pattern!r}; it knows the "
            "prompts of prosocial.envs.text alone."
        )
    return match
