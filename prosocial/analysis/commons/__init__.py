"""Analysis of the commons: outcomes of episodes, and the report of `commons-internalization`.

`bounds` derives what a map can yield at most, `episodes` turns tables of episodes into social
outcomes; `records` reads the experiment, `measures` turns it into levels and curves, `checks`
judges, the figure modules draw, `report` writes the page and `archive` keeps the small tables.
"""
