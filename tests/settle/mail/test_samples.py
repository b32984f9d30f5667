"""Delivery reports in the manner of the servers that most bounces come from, made by ourselves: how each lays them out,
and what each leaves out.
"""

import base64

import pytest

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.mail.reader import Mails
from tests.settle.mail.mails import IDS, KEYS, Campaign

_ID = IDS[1]

POSTFIX = f"""\
Return-Path: <>
X-Original-To: bounces+{KEYS[1]}@acme.example
Delivered-To: bounces@acme.example
Received: by mx.acme.example (Postfix)
\tid 4F2A1B; Fri, 27 Nov 2026 10:00:02 +0100 (CET)
Date: Fri, 27 Nov 2026 10:00:02 +0100 (CET)
From: MAILER-DAEMON@mx.acme.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounces+{KEYS[1]}@acme.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4F2A1C.1795770002/mx.acme.example"
Content-Transfer-Encoding: 8bit
Message-Id: <20261127090002.4F2A1B@mx.acme.example>

This is a MIME-encapsulated message.

--4F2A1C.1795770002/mx.acme.example
Content-Description: Notification
Content-Type: text/plain; charset=utf-8

<anna@mail.example>: host mail.example[192.0.2.7] said: 550 5.1.1 No such user

--4F2A1C.1795770002/mx.acme.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.example
Original-Envelope-Id: {KEYS[1]}
X-Postfix-Queue-ID: 4F2A1C
X-Postfix-Sender: rfc822; bounces+{KEYS[1]}@acme.example
Arrival-Date: Fri, 27 Nov 2026 10:00:00 +0100 (CET)

Final-Recipient: rfc822; anna@mail.example
Original-Recipient: rfc822;anna@mail.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example
Diagnostic-Code: smtp; 550 5.1.1 No such
 user

--4F2A1C.1795770002/mx.acme.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Message-ID: {_ID}

--4F2A1C.1795770002/mx.acme.example--
"""

EXIM = f"""\
X-Failed-Recipients: anna@mail.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.mail.example>
To: bounces@acme.example
References: {_ID}
Content-Type: multipart/report; report-type=delivery-status; boundary=1795770002-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1vOabc-00000001abc-0DEF@mx.mail.example>
Date: Fri, 27 Nov 2026 09:00:02 +0000

--1795770002-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

--1795770002-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mx.mail.example

Action: failed
Final-Recipient: rfc822;anna@mail.example
Status: 5.0.0
Remote-MTA: dns; in.mail.example
Diagnostic-Code: smtp; 550 5.1.1 No such user

--1795770002-eximdsn-1804289383
Content-type: message/rfc822

Return-path: <bounces@acme.example>
Message-ID: {_ID}
Subject: Your link

--1795770002-eximdsn-1804289383--
"""

SENDMAIL = f"""\
Received: from localhost (localhost)
\tby mx.mail.example (8.17.1/8.17.1) id 5AR902ab000001; Fri, 27 Nov 2026 09:00:02 GMT
Date: Fri, 27 Nov 2026 09:00:02 GMT
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.mail.example>
Message-Id: <202611270900.5AR902ab000001@mx.mail.example>
To: <bounces@acme.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="5AR902ab000001.1795770002/mx.mail.example"
Subject: Returned mail: see transcript for details
Auto-Submitted: auto-generated (failure)

This is a MIME-encapsulated message

--5AR902ab000001.1795770002/mx.mail.example

The original message was received at Fri, 27 Nov 2026 09:00:00 GMT

--5AR902ab000001.1795770002/mx.mail.example
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.mail.example
Received-From-MTA: DNS; acme.example
Arrival-Date: Fri, 27 Nov 2026 09:00:00 GMT

Original-Recipient: rfc822;anna@mail.example
Final-Recipient: RFC822; anna@mail.example
Action: failed
Status: 5.1.1
Diagnostic-Code: SMTP; 550 5.1.1 No such user
Last-Attempt-Date: Fri, 27 Nov 2026 09:00:02 GMT

--5AR902ab000001.1795770002/mx.mail.example
Content-Type: text/rfc822-headers

Return-Path: <bounces@acme.example>
Message-ID: {_ID}

--5AR902ab000001.1795770002/mx.mail.example--
"""

LIKE_GMAIL = f"""\
Return-Path: <>
To: bounces@acme.example
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: {_ID}
In-Reply-To: {_ID}
X-Failed-Recipients: anna@mail.example
From: Mail Delivery Subsystem <mailer-daemon@large.example>
Message-ID: <692812ab.050a0220.GMR@mx.large.example>
Date: Fri, 27 Nov 2026 01:00:02 -0800 (PST)
Content-Type: multipart/report; boundary="000000000000a1"; report-type=delivery-status

--000000000000a1
Content-Type: multipart/related; boundary="000000000000a2"

--000000000000a2
Content-Type: multipart/alternative; boundary="000000000000a3"

--000000000000a3
Content-Type: text/plain; charset="UTF-8"

** Address not found **

--000000000000a3--
--000000000000a2--
--000000000000a1
Content-Type: message/delivery-status

Reporting-MTA: dns; large.example
Arrival-Date: Fri, 27 Nov 2026 01:00:00 -0800 (PST)
X-Original-Message-ID: {_ID}

Final-Recipient: rfc822; anna@mail.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550-5.1.1 No such user
 550 5.1.1 https://support.large.example/p=NoSuchUser 5b1f17b1804b1-48 - gsmtp
Last-Attempt-Date: Fri, 27 Nov 2026 01:00:02 -0800 (PST)

--000000000000a1
Content-Type: text/rfc822

Subject: Your link

--000000000000a1--
"""

_STATUS = """\
Original-Envelope-Id: 4F2A1C\r
Reporting-MTA: dns;EX01.mail.example\r
Received-From-MTA: dns;mx.acme.example\r
Arrival-Date: Fri, 27 Nov 2026 09:00:00 +0000\r
\r
Final-Recipient: rfc822;anna@mail.example\r
Action: failed\r
Status: 5.1.10\r
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by lookup\r
X-Display-Name: Anna\r
"""
LIKE_EXCHANGE = f"""\
From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@mail.example>
To: <bounces@acme.example>
Date: Fri, 27 Nov 2026 09:00:02 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="f1b2c3d4-0000-4000-8000-000000000001"
Content-Language: en-US
Message-ID: <f1b2c3d4@EX01.mail.example>
In-Reply-To: {_ID}
References: {_ID}
Subject: =?utf-8?B?{base64.b64encode(b"Unzustellbar: Ihr Zugang").decode()}?=

--f1b2c3d4-0000-4000-8000-000000000001
Content-Type: multipart/alternative; boundary="f1b2c3d4-0000-4000-8000-000000000002"

--f1b2c3d4-0000-4000-8000-000000000002
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

{base64.b64encode(b"Delivery has failed to these recipients").decode()}
--f1b2c3d4-0000-4000-8000-000000000002--

--f1b2c3d4-0000-4000-8000-000000000001
Content-Type: message/delivery-status
Content-Transfer-Encoding: base64

{base64.encodebytes(_STATUS.encode()).decode()}
--f1b2c3d4-0000-4000-8000-000000000001
Content-Type: message/rfc822

Received: from mx.acme.example (192.0.2.1) by EX01.mail.example
Subject: Ihr Zugang
Message-ID: {_ID}

--f1b2c3d4-0000-4000-8000-000000000001--
"""

SAMPLES = {
    "Postfix": (POSTFIX, "5.1.1"),
    "Exim": (EXIM, "5.1.1"),
    "Sendmail": (SENDMAIL, "5.1.1"),
    "like Gmail": (LIKE_GMAIL, "5.1.1"),
    "like Exchange": (LIKE_EXCHANGE, "5.1.10"),
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_contact_has_bounced(name: str, line_end: str) -> None:
    text, enhanced = SAMPLES[name]
    found: Evidence
    (found,) = Mails().read_message(text.replace("\r\n", "\n").replace("\n", line_end).encode(), "p", Campaign())
    assert found.kind is EvidenceKind.BOUNCED
    assert found.key == KEYS[1] or found.message_id == _ID
    assert (found.recipient, found.code, found.enhanced) == ("anna@mail.example", 550, enhanced)
    # Exim does not say when the message came: then it is when it says so.
    assert found.of_copy_from == 1_795_770_000 + (2 if name == "Exim" else 0)
    assert "http" not in found.detail and found.detail.startswith("550")


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_recognised_as_a_mail(name: str) -> None:
    assert Mails.recognises("1.eml", SAMPLES[name][0].encode())
