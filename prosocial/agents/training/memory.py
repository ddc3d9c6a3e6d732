"""Memory behaviour of the process that trains."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_LARGEST = 2**30


def keep_freed_memory() -> bool:
    """Lets glibc reuse freed blocks instead of giving them back to the system.

    Every gradient step allocates the same few megabytes. Returned and mapped anew each time, their
    page faults take 10 to 40 % of a step on a virtual machine. Results do not change.

    Returns:
        Whether it was done; False where the C library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return False
    parameters = (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD)
    return all(library.mallopt(parameter, _LARGEST) for parameter in parameters)
