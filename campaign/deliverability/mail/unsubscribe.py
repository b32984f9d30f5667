"""Whether whoever reads a message sees how to unsubscribe, as they should where its header says that they can.

The bodies and the header's addresses in, faults out. Seen is the address itself, a link that says so in words or in its
own address, or a placeholder that a mail service fills in. Raises nothing. Limits: words of some twenty languages.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from campaign.deliverability.mail.appearance import Appearances
from campaign.deliverability.mail.document import Document
from campaign.deliverability.mail.rules import UNSUBSCRIBE_HIDDEN, Fault

_WORDS = re.compile(
    r"unsub|opt[\s-]?out|preferences|manage (your )?(e-?mails?|notifications?|subscriptions?)|stop receiving"
    r"|email settings|abmeld|abbestell|austragen|d[ée]sabonn|d[ée]sinscri|se d[ée]sinscrire|d[ae]r(se|me)? de baja"
    r"|cancelar (la |mi |a |su )?(su(b)?scri|assin)|anular|desuscri|disiscri|cancella(ti|zione|rsi|mi)|annulla"
    r"|afmeld|uitschrij|afmæld|framelda|avregistrer|avprenumer|avslut|avmeld|meld (deg|dig) a[vf]|peruuta|lopeta"
    r"|odhl[áa]s|odhlasit|wypisz|rezygnuj|anuluj|leiratkoz|dezabon|otkaži|odjav|откаж|отпис|відпис|отпиш"
    r"|διαγραφ|κατάργηση|abonelik|aboneliği|הסר|إلغاء|配信停止|登録解除|購読解除|退订|取消订阅|取消訂閱"
    r"|수신 ?거부|구독 ?(취소|해지)|ยกเลิก|hủy đăng ký|berhenti",
    re.IGNORECASE,
)
_A_SERVICE_S_OWN = re.compile(r"[{%<\[*|][^\s]{0,10}\s?[^\s]{0,30}unsub", re.IGNORECASE)

_NEAR = 2_000
"""Characters around a link: words in a longer text may belong to something else."""


def unsubscribe_faults(
    document: Document | None, text: str, looks: Appearances, *, url: str | None, mailto: str | None
) -> Iterator[Fault]:
    """Look at the HTML, and at the text. `mailto` is an address or a whole mailto: URI. Without either header there is
    nothing to hold the bodies against.
    """
    if url is None and mailto is None:
        return
    if document is not None and not _in_html(document, url, _address(mailto), looks):
        yield Fault(rule=UNSUBSCRIBE_HIDDEN, place="the HTML")
    if text.strip() and not _in_text(text, url, _address(mailto)):
        yield Fault(rule=UNSUBSCRIBE_HIDDEN, place="the text")


def _address(mailto: str | None) -> str | None:
    if mailto is None:
        return None
    return re.sub(r"(?i)^mailto:", "", mailto).partition("?")[0].lower()


def _in_html(document: Document, url: str | None, address: str | None, looks: Appearances) -> bool:
    looked_at = set()
    for link in document.named("a", "area"):
        href = (link.get("href") or "").strip()
        if not href or looks.is_removed(link) or (looks.is_hidden(link) and next(link.iter("img"), None) is None):
            continue
        if href == url or _WORDS.search(unquote(href.partition("://")[2] or href)):
            return True
        if address and href[:7].lower() == "mailto:" and _address(unquote(href)) == address:
            return True
        # The words may stand beside the link: "To unsubscribe, click here".
        for around in (link, link.getparent()):
            if around is None or around in looked_at:
                continue
            looked_at.add(around)
            said = "".join(around.itertext()) + " ".join(_alternatives(around))
            if len(said) < _NEAR and _WORDS.search(said):
                return True
    seen = "".join(text for element, text in document.texts() if not looks.is_hidden(element))
    if (url and url in seen) or (address and address in seen.lower()):
        return True
    return "unsub" in seen.lower() and _A_SERVICE_S_OWN.search(seen) is not None


def _alternatives(element: Any) -> list[str]:
    return [image.get("alt") or "" for image in element.iter("img")]


def _in_text(text: str, url: str | None, address: str | None) -> bool:
    return bool(url and url in text) or bool(address and address in text.lower()) or bool(_WORDS.search(text))
