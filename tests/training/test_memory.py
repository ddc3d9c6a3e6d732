import sys

import pytest
import torch

from prosocial.agents.training.memory import keep_freed_memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs glibc")
def test_freed_memory_is_used_again():
    import resource

    if not keep_freed_memory():
        pytest.skip("the C library is not glibc")

    def page_faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(10):
            block = torch.zeros(12_000_000)  # 48 MB, more than glibc ever keeps by itself
            del block
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    page_faults()
    assert page_faults() < 1000  # one use of 48 MB that is mapped anew costs 12,000
