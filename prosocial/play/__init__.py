"""People in the worlds: playing an agent, or being the caregiver of a learner, with every key kept.

The session (``session``) is the whole logic without a browser; ``server`` and ``terminal`` show it.
"""
