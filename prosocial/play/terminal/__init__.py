"""A session in a terminal, or through a pipe."""
