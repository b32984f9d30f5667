"""How long a lease holds, by its holder's own clock. No database is asked."""

import sys
import time

import pytest

from campaign.ledger.postgres.lease import Lease, elapsed


def test_it_runs_out_a_little_before_the_database_says_so_and_is_broken_from_then_on() -> None:
    now = [100.0]
    lease = Lease(10.0, clock=lambda: now[0])
    lease.renewed(lease.asked())
    lease.begin()
    now[0] += 9.7
    assert lease.holds
    now[0] += 0.2
    assert not lease.holds
    lease.renewed(lease.asked())
    assert not lease.holds, "what began before may be somebody else's by now"
    lease.begin()
    assert lease.holds


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a clock that goes on while the machine sleeps")
def test_its_clock_goes_on_while_the_machine_sleeps() -> None:
    before, found, behind = time.clock_gettime(time.CLOCK_BOOTTIME), elapsed(), time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= found <= behind
    assert Lease().asked() >= before and Lease.__init__.__kwdefaults__ == {"clock": elapsed}
