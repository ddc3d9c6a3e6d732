"""Caregivers that hold a mind: they infer what a learner has understood and teach what it has not.

`situations` says, for each world, in which situations a norm can be acted on; `teaching` is the
caregiver; `making` makes any caregiver from its configuration.
"""
