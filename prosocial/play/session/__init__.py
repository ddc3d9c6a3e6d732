"""A session without a browser: who sits where, what was pressed, the log, and its tables."""
