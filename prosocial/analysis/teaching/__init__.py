"""Figures, tables and checks of `prosocial reproduce teaching-minds`.

`report.write_report` makes everything from the folder of the experiment.
"""
