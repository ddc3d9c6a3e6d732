"""The exact joint optimum of the nine cells with two and three agents.

Computed by `prosocial.agents.mind.delegation.optimum`; a test compares the table that it writes.
"""

OPTIMUM: dict[tuple[int, str, str], int] = {
    (2, "open_divider", "tomato"): 16,
    (2, "open_divider", "tomato_lettuce"): 25,
    (2, "open_divider", "salad"): 23,
    (2, "partial_divider", "tomato"): 17,
    (2, "partial_divider", "tomato_lettuce"): 27,
    (2, "partial_divider", "salad"): 21,
    (2, "full_divider", "tomato"): 17,
    (2, "full_divider", "tomato_lettuce"): 27,
    (2, "full_divider", "salad"): 21,
    (3, "open_divider", "tomato"): 13,
    (3, "open_divider", "tomato_lettuce"): 19,
    (3, "partial_divider", "tomato"): 13,
    (3, "partial_divider", "salad"): 17,
    (3, "full_divider", "tomato"): 13,
    (3, "full_divider", "salad"): 18,
}
"""Steps by number of agents, kitchen and recipe; cells that are missing are not known."""
