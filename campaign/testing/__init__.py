"""For the tests of your campaigns: a mail server that keeps what it gets, and misbehaves as it is told.

    with RecordingServer() as server:
        server.misbehave("refuse_recipient", for_="bob@acme.example")
        Campaign.load("campaign.toml", settings=server.settings).send()
    assert server.messages[0].to == "ann@acme.example"

recording     `RecordingServer`, its life and what it kept
misbehaviour  `MISBEHAVIOURS`, the closed list of what it can do wrong
message       `RecordedMessage`: a message as whoever gets it has it
sign_in       `SignIn`: whom a link signs in, where to, and until when
handler       what it answers

It listens on loopback, in a thread of its own, and needs no more than the program does. Nothing here belongs to pytest.
"""

from campaign.testing.message import RecordedMessage
from campaign.testing.misbehaviour import MISBEHAVIOURS, Misbehaviour
from campaign.testing.recording import RecordingServer
from campaign.testing.sign_in import SignIn, read_link

__all__ = ["MISBEHAVIOURS", "Misbehaviour", "RecordedMessage", "RecordingServer", "SignIn", "read_link"]
