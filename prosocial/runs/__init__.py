"""The commands; what they write goes to `outputs/`, which other projects call runs."""
