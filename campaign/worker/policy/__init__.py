"""What a server's reply means for the row, the rate and the run, and what to do where it stops the run.

A `Phase` and a `Reply` go in, a `Verdict` comes out (`judge`); a verdict that stops the run becomes an error with
advice (`refusal`). `policy` has the table, `words` the expressions that it looks for.
"""

from campaign.worker.policy.advice import refusal, said
from campaign.worker.policy.rules import TABLE, Rule, judge
from campaign.worker.policy.verdict import (
    DROPPED,
    FEWER,
    IN_DOUBT,
    IN_DOUBT_TOO,
    OVERLOADED,
    QUOTA,
    RECONNECT,
    REFUSED_US,
    REJECTED,
    RENEW,
    RETRY,
    RETRY_ALL,
    SENT,
    SLOW_DOWN,
    STOP,
    About,
    Action,
    Verdict,
)

__all__ = [
    "DROPPED",
    "FEWER",
    "IN_DOUBT",
    "IN_DOUBT_TOO",
    "OVERLOADED",
    "QUOTA",
    "RECONNECT",
    "REFUSED_US",
    "REJECTED",
    "RENEW",
    "RETRY",
    "RETRY_ALL",
    "SENT",
    "SLOW_DOWN",
    "STOP",
    "TABLE",
    "About",
    "Action",
    "Rule",
    "Verdict",
    "judge",
    "refusal",
    "said",
]
