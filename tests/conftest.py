"""Settings of every test: one thread a library, no window, no telemetry, repeatable examples."""

import os

# Before numpy, torch or pygame are imported: they read these once.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

try:
    from hypothesis import settings
except ImportError:  # the conformance tests also run where only pytest is installed
    pass
else:
    # A slow, shared machine is no failure; in CI the same examples are tried each time.
    settings.register_profile("default", deadline=None)
    settings.register_profile("ci", deadline=None, derandomize=True)
    settings.load_profile("ci" if os.environ.get("CI") else "default")
