"""`python -m prosocial` is the command `prosocial`."""

import sys

from prosocial.runs.cli import main

if __name__ == "__main__":  # worker processes import it, too
    sys.exit(main())
