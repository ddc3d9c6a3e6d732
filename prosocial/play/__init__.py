"""People in the worlds: playing an agent, or being the caregiver of a learner, with every key kept.

``session`` is the whole logic; ``web`` and ``terminal`` show it; ``learning`` learns from it.
"""
