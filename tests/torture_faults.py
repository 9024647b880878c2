"""Every file operation of every flow fails once, and once for good: ``make torture``."""

import pytest
from test_fault_sweep import FLOWS, faults, machine, sweep

__all__ = ["faults", "machine"]  # fixtures


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("name", FLOWS)
def test_every_operation(name, lasting, machine):
    swept = sweep(FLOWS[name], machine, lasting=lasting)
    assert swept
    print(f"\n{name}: {swept} operations", end=" ")
