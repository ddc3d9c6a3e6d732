"""Analysis of the reproduction of Rong & Kleiman-Weiner (2024), "Value Internalization".

`records` reads a finished (or half-finished) experiment folder into polars frames, `measures` turns
them into levels and curves, `figures` draws, `checks` judges, `report` writes tables and the page.
"""
