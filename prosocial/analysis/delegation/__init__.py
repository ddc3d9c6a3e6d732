"""Analysis of `prosocial reproduce bayesian-delegation`.

Reads what the runs recorded, draws the figures, writes the tables and the page, and judges the
acceptance checks.
"""
