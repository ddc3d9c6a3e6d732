"""Whole experiments: the runs that a paper's figures stand on, and how they share work."""
