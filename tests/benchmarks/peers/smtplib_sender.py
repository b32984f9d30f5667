"""The plain Python sender: csv, PyJWT, Jinja2, EmailMessage, smtplib; one thread and one connection each.

    python smtplib_sender.py --workload DIR --host HOST --port PORT --connections N [--certificate PEM]

Sends to everybody in DIR/contacts.csv, remembers nothing, and exits with 1 at the first error. With a certificate to
trust: over TLS, by STARTTLS. It stands for what a careful person writes in an afternoon, so it is neither tuned nor
hobbled: templates are compiled once, connections kept.
"""

import argparse
import csv
import json
import os
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate, make_msgid
from pathlib import Path
from smtplib import SMTP
from typing import Any
from urllib.parse import quote

import jwt
from jinja2 import Environment, FileSystemLoader


class Composer:
    """Contact → message, by the template and the terms in a folder."""

    def __init__(self, folder: Path) -> None:
        self.terms: dict[str, Any] = json.loads((folder / "terms.json").read_text(encoding="utf-8"))
        plain = Environment(loader=FileSystemLoader(folder), autoescape=False)
        markup = Environment(loader=FileSystemLoader(folder), autoescape=True)
        self.subject = plain.get_template("subject.txt")
        self.text = plain.get_template("body.txt")
        self.html = markup.get_template("body.html")

    def link(self, email: str) -> str:
        """Mint the contact's sign-in link."""
        now, domain = int(time.time()), self.terms["domain"]
        claims = {
            "sub": f"{email}:{domain}",
            "nbf": now,
            "exp": now + self.terms["lifetime"],
            "iat": now,
            "redirect_to": self.terms["redirect_to"],
        }
        token = jwt.encode(claims, self.terms["secret"], algorithm="HS256")
        return f"https://{domain}/sso?identifier={quote(email, safe='')}&strategy=email&token={token}"

    def compose(self, contact: dict[str, str]) -> EmailMessage:
        """Build the contact's message with the standard library."""
        names = {"contact": contact, "link": {"url": self.link(contact["email"])}}
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"] = self.terms["sender"]
        message["To"] = contact["email"]
        message["Subject"] = self.subject.render(names)
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain="acme.example")
        message["List-Unsubscribe"] = f"<{self.terms['unsubscribe']}{contact['order_id']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(self.text.render(names))
        message.add_alternative(self.html.render(names), subtype="html")
        return message


def main() -> int:
    """Send; give the exit code."""
    options = argparse.ArgumentParser()
    options.add_argument("--workload", type=Path, required=True)
    options.add_argument("--host", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--connections", type=int, required=True)
    options.add_argument("--certificate", help="what to trust, in PEM; none: without TLS")
    given = options.parse_args()
    security = ssl.create_default_context(cafile=given.certificate) if given.certificate else None
    composer = Composer(given.workload)
    turn = threading.Lock()

    def deliver(contacts: Iterator[dict[str, str]]) -> None:
        try:
            with SMTP(given.host, given.port, local_hostname="sender.example") as connection:
                if security is not None:
                    connection.starttls(context=security)
                while True:
                    with turn:
                        contact = next(contacts, None)
                    if contact is None:
                        return
                    connection.send_message(
                        composer.compose(contact), composer.terms["return_path"], [contact["email"]]
                    )
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)  # the other threads would go on for minutes, for a run that no longer counts

    with (given.workload / "contacts.csv").open(encoding="utf-8", newline="") as file:
        contacts = csv.DictReader(file)
        threads = [threading.Thread(target=deliver, args=(contacts,)) for _ in range(given.connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
