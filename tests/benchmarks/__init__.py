"""How fast, how heavy and how quick to start: `campaign` beside other senders, on one workload, on this machine.

    python -m tests.benchmarks [--messages 50000] [--runs 3] [--only loopback|rtt|memory|startup] [--verify]

It prints Markdown tables. It is no test: pytest does not collect it. It needs Linux (it reads /proc) and Postfix's
smtp-source and smtp-sink.
"""
