"""Configuration of a text run of a GovSim world."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prosocial.envs.engine.config import Config

STORIES = ("fishery", "pasture", "pollution")
UNPARSED = ("default", "ask", "raise")
MEDIATOR = "mediator"
FIRST_NAMES = ("John", "Kate", "Jack", "Emma", "Luke")
_NAME = re.compile(r"[^\W\d_][\w'-]*(?: [\w'-]+)?")


@dataclass(frozen=True)
class TextConfig(Config):
    """Configuration of ``GovSimText``; the defaults are GovSim's.

    Source: Piatti et al., "Cooperate or Collapse", NeurIPS 2024 (arXiv 2404.16698), sections 2 and
    3 and their code (5 persons, 12 months, 10 entries of a conversation, memories kept for 63 days,
    10 of them in a prompt).

    Attributes:
        story: "fishery", "pasture" or "pollution": the world and the words.
        num_agents: Persons, 2 to 64, the newcomer included.
        max_rounds: Months at most, >= 1; None: 12, with a newcomer 12 after the arrival.
        newcomer_round: Month (from 0) in which the last person joins, None for nobody; GovSim's
            newcomer arrives in month 3.
        universalization: Whether everybody is told each month what would follow if all took more
            than the sustainable share.
        communication: Whether catches are revealed and talked about; without, there is no
            restaurant and everybody knows the own catch only.
        paraphrase: Which wording of the rules: 0, 1 or 2. The facts are the same.
        names: Names of the persons in order; None: GovSim's five, then Resident6, Resident7, ...
        max_conversation_entries: Entries of a conversation with the mediator's opening, >= 2.
        memory_items: Memories in a prompt beside those that are always there, >= 0.
        memory_days: Days after which a memory is dropped, >= 1.
        unparsed: What to do with an answer that cannot be read: "default" (the documented
            default, such as a demand of 0), "ask" (ask again, then the default) or "raise".
        max_asks: How often to ask again under "ask", >= 1.
        world: Further options of the world (``prosocial worlds fishery`` lists them).
    """

    story: str = "fishery"
    num_agents: int = 5
    max_rounds: int | None = None
    newcomer_round: int | None = None
    universalization: bool = False
    communication: bool = True
    paraphrase: int = 0
    names: tuple[str, ...] | None = None
    max_conversation_entries: int = 10
    memory_items: int = 10
    memory_days: int = 63
    unparsed: str = "default"
    max_asks: int = 2
    world: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Checks the fields, and fills in those whose default depends on others."""
        self.require_choice("story", STORIES)
        self.require_int("num_agents", 2, 64)
        if self.newcomer_round is not None:
            self.require_int("newcomer_round", 1)
        if self.max_rounds is None:
            object.__setattr__(self, "max_rounds", 12 + (self.newcomer_round or 0))
        self.require_int("max_rounds", 1)
        for name in ("universalization", "communication"):
            self.require_bool(name)
        self.require_int("paraphrase", 0, 2)
        if self.names is None:
            object.__setattr__(self, "names", _default_names(self.num_agents))
        self._check_names()
        self.require_int("max_conversation_entries", 2)
        self.require_int("memory_items", 0)
        self.require_int("memory_days", 1)
        self.require_choice("unparsed", UNPARSED)
        self.require_int("max_asks", 1)
        taken = {"num_agents", "max_rounds", "newcomer_round"} & set(self.world)
        self.require("world", not taken, f"the field itself to set {', '.join(sorted(taken))}")

    def _check_names(self) -> None:
        if isinstance(self.names, list):  # as configuration files give it
            object.__setattr__(self, "names", tuple(self.names))
        names: Any = self.names
        fits = isinstance(names, tuple) and len(names) == self.num_agents
        fits = fits and all(isinstance(n, str) and _NAME.fullmatch(n) for n in names)
        fits = fits and len({n.casefold() for n in names} | {MEDIATOR}) == len(names) + 1
        self.require(
            "names",
            bool(fits),
            f"{self.num_agents} different names of one or two words, none of them {MEDIATOR!r}",
        )

    def world_options(self) -> dict[str, Any]:
        """Returns the options of the numeric world whose rules the text run steps."""
        return {
            **self.world,
            "num_agents": self.num_agents,
            "max_rounds": self.max_rounds,
            "newcomer_round": self.newcomer_round,
        }


def _default_names(count: int) -> tuple[str, ...]:
    further = tuple(f"Resident{number}" for number in range(len(FIRST_NAMES) + 1, count + 1))
    return (FIRST_NAMES + further)[:count]
