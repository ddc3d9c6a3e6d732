"""`python -m prosocial` is the command `prosocial`."""

import sys

from prosocial.runs.cli import main

sys.exit(main())
