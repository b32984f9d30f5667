"""The command `campaign` for scripts of a shell, with its modules loaded once: each call is a fork of one process.

A script calls the `client`, a program of a few lines: it hands its standard streams, folder, environment and arguments
over, and ends with the exit code that comes back. What the command does in there is what it does in a process of its
own, worker processes among it; only the time that loading its modules takes is saved.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_CLIENT = """\
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as there:
    there.connect(sys.argv[1])
    said = json.dumps([os.getcwd(), dict(os.environ), sys.argv[2:]]).encode()
    socket.send_fds(there, [b"%12d" % len(said)], [0, 1, 2])
    there.sendall(said)
    sys.exit(int(there.recv(8) or b"70"))
"""


@contextlib.contextmanager
def warm_command() -> Iterator[str]:
    """Give the words to write in a shell in place of `campaign`; they are good as long as the context."""
    with tempfile.TemporaryDirectory(prefix="warm") as folder:
        client, place = Path(folder, "client.py"), Path(folder, "socket")
        client.write_text(_CLIENT)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(place))
            server.listen()
            server.set_inheritable(True)
            process = subprocess.Popen(
                [sys.executable, "-c", f"from tests.warm_command import serve; serve({server.fileno()})"],
                cwd=Path(__file__).parents[1], pass_fds=[server.fileno()],
            )  # fmt: skip
        try:
            yield f"{sys.executable} -S -E {client} {place}"
        finally:
            process.terminate()
            process.wait()


def serve(number: int) -> None:
    """Wait for calls on the socket with this number, and fork for each, until the process is ended."""
    import campaign.check
    import campaign.commands.erase
    import campaign.commands.preview
    import campaign.commands.run_campaign
    import campaign.commands.status
    import campaign.commands.trial_send
    import campaign.report  # noqa: F401

    with socket.socket(fileno=number) as server:
        while True:
            call, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _answer(call)
            call.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _answer(call: socket.socket) -> None:
    """Be the command in a child, and tell the client its exit code once it has ended. Does not return."""
    head, streams, _, _ = socket.recv_fds(call, 12, 3)
    folder, environ, arguments = json.loads(call.makefile("rb").read(int(head)))
    child = os.fork()
    if child:
        for stream in streams:
            os.close(stream)
        call.sendall(b"%d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        os._exit(0)
    call.close()
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["campaign", *arguments]
    from campaign.cli import app

    app()
    sys.exit(0)
