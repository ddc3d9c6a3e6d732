"""Theory of mind: what others want, believe and will do next, by exact inverse planning.

A mind plans as the other would (``planning``), asks how likely each hypothesis makes what the other
did (``hypotheses``), and keeps a posterior over them (``inference``). Import the module that you
need; this file imports nothing.
"""
