"""Hydra configuration; the schema and the defaults are `prosocial.agents.training.config`."""
