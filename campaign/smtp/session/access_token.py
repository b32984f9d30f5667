"""OAuth access tokens, by a command of the operator's that prints one: kept, and fetched again when they are over.

`access_token` takes a `TokenCommand`, gives the token that the process has, or runs the command; `forget_token` drops
one that the server has refused. Threads that ask at once share one run of the command. Raises `SessionError` at phase
AUTH, which says how the command ended and never what it printed.

Limits: a token's own end is known only if it is a JWT (RFC 7519: read, not verified; it is not for us). Any other is
kept until the server refuses it.
"""

import base64
import binascii
import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from campaign.model import Phase, Reply
from campaign.smtp.session.error import SessionError

_TOKEN = re.compile(rb"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1
_LARGEST = 64 * 1024
_EARLY = 30.0
"""Seconds before its end at which a token is not used any more: signing in takes a moment, and clocks differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCommand:
    """A program and its arguments, run without a shell."""

    arguments: tuple[str, ...] = field(repr=False)
    """Not shown: people write secrets there."""
    folder: Path
    """Where it runs."""


def access_token(command: TokenCommand, *, timeout: float) -> str:
    """Give a token that is good as far as we know. Raises SessionError. `timeout`: seconds for the command."""
    return _source(command).token(timeout)


def forget_token(command: TokenCommand, token: str) -> None:
    """Hear that the server has refused this token."""
    _source(command).forget(token)


@cache
def _source(command: TokenCommand) -> "_Source":
    return _Source(command)


class _Source:
    """What the process has of one command."""

    def __init__(self, command: TokenCommand) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._token = ""
        self._expires = float("inf")
        self._failed: SessionError | None = None
        self._failed_at = float("-inf")
        self._has_worked = False

    def token(self, timeout: float) -> str:
        asked = time.monotonic()
        with self._lock:
            if self._token and time.time() < self._expires - _EARLY:
                return self._token
            if self._failed is not None and self._failed_at >= asked:  # it failed while we waited for it
                raise self._fault(self._failed.what)
            try:
                self._token = token = _one_token(_output(self._command, timeout))
            except _NoTokenError as error:
                self._failed, self._failed_at = self._fault(str(error)), time.monotonic()
                self._token = ""
                failure = self._failed
            else:
                self._expires = _expiry(token)
                self._failed, self._has_worked = None, True
                return token
        raise failure

    def forget(self, token: str) -> None:
        with self._lock:
            if self._token == token:
                self._token = ""

    def _fault(self, what: str) -> SessionError:
        """A command that has never worked is a mistake in the settings; one that has may work again."""
        return SessionError(
            what,
            phase=Phase.AUTH,
            reply=Reply(code=454 if self._has_worked else 535, enhanced=None, text=what),
            where="smtp.token_command",
            fix="run it by hand, in the folder of campaign.toml: its last line must be an access token, no more",
        )


class _NoTokenError(Exception):
    """The command gave none: says how it ended."""


def _output(command: TokenCommand, timeout: float) -> bytes:
    """Run it; give what it printed."""
    end = time.monotonic() + timeout
    try:
        process = subprocess.Popen(  # noqa: S603 - the operator's own command
            command.arguments,
            cwd=command.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may hold a secret as well
            start_new_session=True,  # Ctrl-C is for us; and what it starts ends with it
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a NUL in it"
        raise _NoTokenError(f"the token command can't be run: {reason}") from None
    assert process.stdout is not None
    status = None
    try:
        output = _read(process.stdout.fileno(), end)
        status = process.wait(max(end - time.monotonic(), 0.001))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise _NoTokenError(f"the token command did not end within {timeout:g} s") from None
    finally:
        process.stdout.close()
        if status is None:  # even if it has ended itself: what it started may hold on
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if status:
        ended = f"exit code {status}" if status > 0 else f"signal {-status}"
        raise _NoTokenError(f"the token command failed: {ended}")
    return output


def _read(pipe: int, end: float) -> bytes:
    found = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if not selector.select(max(end - time.monotonic(), 0)):
                raise TimeoutError
            data = os.read(pipe, _LARGEST)
            if not data:
                return found
            found += data
            if len(found) > _LARGEST:
                raise _NoTokenError("the token command printed more than 64 KiB")


def _one_token(output: bytes) -> str:
    lines = output.strip().splitlines()
    if not lines:
        raise _NoTokenError("the token command printed nothing")
    token = lines[-1].strip()
    if not _TOKEN.fullmatch(token):
        raise _NoTokenError("the token command's last line is no access token")
    return token.decode("ascii")


def _expiry(token: str) -> float:
    """When it ends, in Unix seconds, if it says so."""
    parts = token.split(".")
    if len(parts) != 3:
        return float("inf")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"])
    except (binascii.Error, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return float("inf")
