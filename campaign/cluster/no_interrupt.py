"""For the processes of a cluster of this machine's own (`preload`): a Ctrl-C, and a terminal that is closed, are for
the run that they belong to, which ends them in order. To be imported in such a process's main thread, and nowhere else.
"""

import signal

for _number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(_number, signal.SIG_IGN)
