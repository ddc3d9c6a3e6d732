"""Reads and reports the experiment `minds-in-learners`."""
