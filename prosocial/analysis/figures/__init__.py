"""Every figure of a paper from recorded tables: what `prosocial figures` draws.

`draw.draw_figures` finds runs, groups them and writes each kind of figure at the widths of one and
two columns, as PDF and PNG, with a caption file that states the statistics.
"""
