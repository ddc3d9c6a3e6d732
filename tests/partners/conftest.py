"""Lets the tests of the partners import ``situations``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
