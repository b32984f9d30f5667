"""How fast, how heavy and how quick to start: `campaign` beside other senders, on one workload, on this machine.

    python -m tests.benchmarks [--messages 50000] [--runs 3] [--only PART] [--verify]

It prints Markdown tables; --help names the parts. It is no test: pytest does not run it. It needs Linux (it reads
/proc) and Postfix's smtp-source and smtp-sink; for some parts Go, or Postfix itself and root.
"""
