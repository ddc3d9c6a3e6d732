"""The prompts of a text run: rules, place and date, memories, and what is asked for.

Every prompt is complete in itself, so that an agent needs no memory of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .config import TextConfig
from .memory import Event
from .stories import (
    ARRIVAL,
    NEWCOMER,
    RULES,
    STORIES,
    TALK,
    UNIVERSALIZATION,
    VILLAGER,
    Story,
)

PAY = 1000  # dollars a unit (GovSim)
MEDIATOR_NAME = "Mediator"

_HARVEST = """\
Your task: decide how many {unit} you {take} this month, a whole number from 0 to {stock}.
Think step by step. Then end with one line of this form, with your number for N:
Answer: N {unit}"""

_UTTERANCE = """\
You talk with the others about what happened and about the months to come.
Present: {present}
Conversation so far:
{conversation}

Your task: say what you, {name}, want to say now. Then end with two lines of this form: whether \
your words conclude the conversation, and who of the others is to speak next.
Say: your words
Concludes: yes or no
Next: one of {others}"""

_SUMMARY = """\
You are the neutral mediator of {count} {people} who share {shared}. They have talked with each \
other.
Date: {today}
Present: {present}
Conversation:
{conversation}

Your task: sum up the conversation in one sentence, and name the most {unit} that each person may \
{take} in a month if they agreed on such a limit, or none. End with two lines of this form:
Summary: one sentence
Answer: N {unit}, or none"""

_REFLECTION = """\
Your task: think about what happened, and write down what you want to remember: insights, plans, \
what others said or did that matters to you. Write at most 5 lines of this form, with the \
importance from 1 to 10 for N:
- [N] one sentence"""


@dataclass(frozen=True)
class Prompts:
    """Writes the prompts of a run.

    Attributes:
        config: Story and variants.
        capacity: Units that the stock never exceeds.
        growth: Factor by which what is left grows after each month.
    """

    config: TextConfig
    capacity: int
    growth: float

    @property
    def story(self) -> Story:
        """The words of the story."""
        return STORIES[self.config.story]

    def rules(self, name: str, present: Sequence[str]) -> str:
        """Returns the rules as told to a person, with the own goal in the newcomer variant.

        Args:
            name: The person.
            present: All who share the resource this month, the person included.
        """
        config, story = self.config, self.story
        others = [other for other in present if other != name]
        stock, taken = self.capacity * 9 // 10, self.capacity * 3 // 10
        left = stock - taken
        following = min(self.capacity, int(self.growth * left))
        text = RULES[config.paraphrase].format(
            name=name,
            others=_listed(others),
            are="is" if len(others) == 1 else "are",
            count=len(present),
            capacity=self.capacity,
            full=story.stock_short.format(n=self.capacity),
            full_stock=story.stock.format(n=self.capacity),
            example_stock=story.stock.format(n=stock),
            example_amount=story.amount.format(n=taken),
            example_left=story.stock_short.format(n=left),
            example_next=story.stock_short.format(n=following),
            grow="doubles" if self.growth == 2 else f"grows to {self.growth:g} times as much",
            talk=TALK[config.paraphrase].format(taken=story.taken) if config.communication else "",
            pay=PAY,
            **_words(story),
        )
        if config.newcomer_round is None:
            return text
        return f"{text}\n{NEWCOMER if name == self._names[-1] else VILLAGER}"

    def harvest(
        self, name: str, present: Sequence[str], today: date, memories: Sequence[Event], stock: int
    ) -> str:
        """Returns the prompt for a harvest decision from a stock."""
        task = _HARVEST.format(stock=stock, **_words(self.story))
        return self._prompt(name, present, self.story.place, today, memories, task)

    def utterance(
        self,
        name: str,
        present: Sequence[str],
        today: date,
        memories: Sequence[Event],
        conversation: Sequence[tuple[str, str]],
    ) -> str:
        """Returns the prompt for the next entry of a conversation of (speaker, text)."""
        task = _UTTERANCE.format(
            name=name,
            present=", ".join(present),
            others=", ".join(other for other in present if other != name),
            conversation=_transcribed(conversation),
        )
        return self._prompt(name, present, "the restaurant", today, memories, task)

    def summary(
        self, present: Sequence[str], today: date, conversation: Sequence[tuple[str, str]]
    ) -> str:
        """Returns the mediator's prompt for the summary of a conversation and the agreed limit."""
        return _SUMMARY.format(
            count=len(present),
            today=today,
            present=", ".join(present),
            conversation=_transcribed(conversation),
            **_words(self.story),
        )

    def reflection(
        self, name: str, present: Sequence[str], today: date, memories: Sequence[Event]
    ) -> str:
        """Returns the prompt for a person's thoughts at the end of a month."""
        return self._prompt(name, present, "your home", today, memories, _REFLECTION)

    def stock_event(self, stock: int) -> str:
        """Returns what is seen before a harvest."""
        story = self.story
        return f"Before this month's {story.harvest} there are {story.stock.format(n=stock)}."

    def universalization_event(self, threshold: int) -> str:
        """Returns the sentence on what would follow if everybody took more than the threshold."""
        return UNIVERSALIZATION.format(n=threshold, **_words(self.story))

    def arrival_event(self, name: str) -> str:
        """Returns what the villagers learn when the newcomer arrives."""
        return ARRIVAL.format(name=name, **_words(self.story))

    def harvest_event(self, demand: int, obtained: int) -> str:
        """Returns what a person learns of the own harvest."""
        story = self.story
        return (
            f"I wanted to {story.take} {story.amount.format(n=demand)} this month and "
            f"{story.taken} {obtained}."
        )

    def opening(self, catches: Sequence[tuple[str, int]]) -> str:
        """Returns the mediator's opening line: what everybody (name, units) took this month."""
        story = self.story
        told = _listed([f"{name} {story.taken} {units}" for name, units in catches])
        return f"This is the number of {story.unit} of each of you this month: {told}."

    def limit_event(self, limit: int) -> str:
        """Returns the memory of a limit that was agreed upon."""
        story = self.story
        return (
            f"The community agreed that each person may {story.take} at most "
            f"{story.amount.format(n=limit)} a month."
        )

    @property
    def _names(self) -> tuple[str, ...]:
        return self.config.names or ()

    def _prompt(
        self,
        name: str,
        present: Sequence[str],
        place: str,
        today: date,
        memories: Sequence[Event],
        task: str,
    ) -> str:
        remembered = "\n".join(f"- {event.created}: {event.text}" for event in memories)
        return (
            f"{self.rules(name, present)}\n\nPlace: {place}\nDate: {today}\n\n"
            f"What you remember:\n{remembered or '- nothing yet'}\n\n{task}"
        )


def _words(story: Story) -> dict[str, str]:
    names = (
        "people", "person", "shared", "unit", "one", "take", "taken", "takes", "effect", "rest",
        "gone",
    )  # fmt: skip
    return {name: getattr(story, name) for name in names}


def _transcribed(conversation: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{speaker}: {text}" for speaker, text in conversation)


def _listed(items: Sequence[str]) -> str:
    """Returns "a", "a and b" or "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
