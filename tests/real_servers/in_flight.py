"""What a server makes of several whole messages that are sent in one write, before any of them has its reply.

Each goes as `MAIL RCPT BDAT n LAST` and n octets (RFC 3030), with RSET behind it, as campaigns send them.
"""

import contextlib
from collections.abc import Sequence

from campaign.smtp.chunking.probe import ChunkingProbe, ProbeResult
from tests.real_servers.pipelining import exchange, sign_in
from tests.real_servers.relay import Relay

_FOUND = {
    ProbeResult.UNSOUND: "not taken: it does not throw away the chunks that it refuses",
    ProbeResult.INCONCLUSIVE: "not taken: it ends the session over a chunk that it refuses",
}
ODD = tuple(
    b"Subject: in flight\r\nFrom: hello@acme.example\r\nTo: probe@people.example\r\n\r\n" + body
    for body in (
        b"plain\r\n",
        b".\r\n..\r\n...\r\n.x\r\n\r\n.\r\nQUIT\r\n.\r\nRSET\r\n",
        b"." + b"y" * 997 + b"\r\n" + b"." * 998 + b"\r\n.\r\n",
        b"8-bit: \xe4\xf6\xfc \xff\x80\r\n.\xe4\r\n",
        b"no end of line is here: .",
        b"last\r\n",
    )
)
"""Messages that would not arrive as they are, were a dot taken out, put in, or taken for the end."""


def several_in_flight(relay: Relay) -> str:
    """Try it with the probe of campaigns and then with all of `ODD` at once; say in a few words what came of it."""
    with contextlib.closing(sign_in(relay)) as client:
        if not (client.has_extn("chunking") and client.has_extn("pipelining")):
            return "not offered"
        assert client.sock is not None
        probe = ChunkingProbe("hello@acme.example")
        replies = exchange(client.sock, probe.commands, 5)
        finding = probe.feed("".join(f"{code} said\r\n" for code in replies).encode()) or ProbeResult.INCONCLUSIVE
    if finding is not ProbeResult.SOUND:
        return _FOUND[finding]
    with contextlib.closing(sign_in(relay)) as client:
        assert client.sock is not None
        eight_bit = b" BODY=8BITMIME" if client.has_extn("8bitmime") else b""
        data = b"RSET\r\n" + b"".join(
            b"MAIL FROM:<hello@acme.example>%b\r\nRCPT TO:<probe@people.example>\r\nBDAT %d LAST\r\n%bRSET\r\n"
            % (eight_bit, len(message), message)
            for message in ODD
        )
        wanted = ["250"] * (1 + 4 * len(ODD))
        replies = exchange(client.sock, data, len(wanted))
    if replies == wanted:
        return "taken"
    return f"not taken: {' '.join(replies) or 'no answer'}" + (", then silence" if len(replies) < len(wanted) else "")


def as_they_were_sent(arrived: Sequence[bytes]) -> list[bytes]:
    """Give the bodies of `ODD` among what has arrived, with lines ended by LF alone; a server may end the last line."""
    found = []
    for message in arrived:
        head, _, body = message.replace(b"\r\n", b"\n").partition(b"\n\n")
        if b"Subject: in flight\n" in head + b"\n":
            found.append(body.removesuffix(b"\n"))
    return found


def bodies() -> list[bytes]:
    """Give what `as_they_were_sent` gives where all is well."""
    return [message.replace(b"\r\n", b"\n").partition(b"\n\n")[2].removesuffix(b"\n") for message in ODD]
