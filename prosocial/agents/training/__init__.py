"""Training on RLlib: configuration, run folders, the life course.

Import the module that you need; this file imports nothing, so that reading a configuration or a run
folder imports neither torch nor ray.
"""
