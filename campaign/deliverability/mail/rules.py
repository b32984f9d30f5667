"""The rules that a message is held against, each with a name that stays, what it means, and what to do.

`campaign/guide/inbox.md` has a row for each. A rule says what is certain of a message; `NOTE` is what may cost it
a reader or its way to the inbox, `WRONG` what nobody should get.
"""

from dataclasses import dataclass

from campaign.deliverability.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`what` is a sentence without its full stop, `fix` what to do."""

    name: str
    what: str
    fix: str
    severity: Severity = Severity.NOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A rule that a message breaks, and the place: "line 12 of the HTML, <a>". No word of a contact's, no live link."""

    rule: Rule
    place: str


SUBJECT_LONG = Rule(
    name="subject_long",
    what="the subject has more than 70 characters: phones cut it",
    fix="say the most important thing in its first 40 characters, and make it shorter",
)
SUBJECT_CAPITALS = Rule(
    name="subject_capitals",
    what="the subject is all in capitals, as spam likes to be",
    fix="write it as a sentence",
)
SUBJECT_EXCLAMATION = Rule(
    name="subject_exclamation",
    what="the subject has several exclamation marks, as spam likes to have",
    fix="one at most",
)
SUBJECT_REPLY = Rule(
    name="subject_reply",
    what="the subject begins like a reply or a forwarded message, and it is neither",
    fix="take the Re: or Fwd: out: filters look for it, and in some countries it is against the law",
)
PLACEHOLDER = Rule(
    name="placeholder",
    what="what should have been filled in is there as it was written: {{ … }} or {% … %}",
    fix="see whether it stands in a cell, inside {% raw %}, or was escaped twice",
    severity=Severity.WRONG,
)
LINK_HTTP = Rule(
    name="link_http",
    what="a link is http: whoever is on the way can read and change its page, and browsers warn of it",
    fix="write https://",
)
LINK_EMPTY = Rule(
    name="link_empty",
    what="a link leads nowhere: its href is empty, #, or names a place that the message has not",
    fix="give it an address, or make it plain text",
)
LINK_RELATIVE = Rule(
    name="link_relative",
    what="an address has no https:// in front; a message has no site that it could count from",
    fix='write it whole, with https:// and the host; or src="cid:logo.png" for an image in the template\'s folder',
)
LINK_MALFORMED = Rule(
    name="link_malformed",
    what="an address can't be right: a space inside, or no host",
    fix="put `| urlencode` to whatever a column fills in, and write %20 for a space",
)
IMAGE_ALT = Rule(
    name="image_alt",
    what="an image has no alt: where images are not shown, and for who can't see them, it says nothing (WCAG 1.1.1)",
    fix='say in alt what it shows, or write alt="" where it is only decoration and leads nowhere',
)
IMAGE_DATA = Rule(
    name="image_data",
    what="an image stands in the HTML itself (data:), and Gmail, the largest of them, shows none of these",
    fix="put it on a server, with https://, or attach it and name it by cid:",
)
IMAGE_HTTP = Rule(
    name="image_http",
    what="an image is fetched by http: mail programs block or warn of it",
    fix="write https://",
)
IMAGE_FORMAT = Rule(
    name="image_format",
    what="an image is of a kind that a large mail program does not show",
    fix="use PNG, JPEG or GIF",
)
HTML_LANG = Rule(
    name="html_lang",
    what="the HTML does not say its language: screen readers take another's voice for it (WCAG 3.1.1)",
    fix='begin it with <html lang="en">, or whatever its language is',
)
HTML_TITLE = Rule(
    name="html_title",
    what="the HTML has no title: it names the page for screen readers, and where the message is opened in a browser",
    fix="put <title>…</title> into its <head>",
)
HTML_CHARSET = Rule(
    name="html_charset",
    what="the HTML does not say that it is UTF-8: saved, or shown in a browser, its letters may turn into others",
    fix='put <meta charset="utf-8"> first into its <head>',
)
HTML_SCRIPT = Rule(
    name="html_script",
    what="there is a script: no mail program runs it, and filters take it for an attack",
    fix="take out <script>, attributes such as onclick, and javascript: links",
)
HTML_FORM = Rule(
    name="html_form",
    what="there is a form: Outlook shows none, others send none, and filters take it for phishing",
    fix="link to a page that has the form",
)
HTML_EMBED = Rule(
    name="html_embed",
    what="something is embedded that mail programs take out",
    fix="show an image that links to it",
)
FONT_REMOTE = Rule(
    name="font_remote",
    what="a font is fetched from elsewhere: Gmail, Outlook and Yahoo ignore it",
    fix="take it out (MJML brings its own, unless <mj-all> in <mj-attributes> has a font-family), or leave it to the "
    "others and see that the next name in font-family will do",
)
CSS_REMOTE = Rule(
    name="css_remote",
    what="a style sheet is fetched from elsewhere: Gmail, Outlook.com and Yahoo ignore it",
    fix="write what it says into <style>, or set message.inline_css",
)
CSS_SUPPORT = Rule(
    name="css_support",
    what="mail programs that many people use drop CSS that says where things are, or what is there",
    fix="lay it out with tables, and see it in these programs",
)
CSS_LENGTH = Rule(
    name="css_length",
    what="the <style> elements have more than 16,384 bytes: Gmail leaves out the rest, or all of it",
    fix="take out what no element uses, or write it into style attributes",
)
CSS_IN_BODY = Rule(
    name="css_in_body",
    what="a <style> element stands in the body, where Gmail ignores it",
    fix="move it into <head>",
)
CONTRAST = Rule(
    name="contrast",
    what="text can hardly be read against its background (WCAG 1.4.3: 4.5:1, large text 3:1)",
    fix="make the text darker or its background lighter, or the other way round",
)
PREHEADER = Rule(
    name="preheader",
    what="there is no preheader: inboxes show the message's first words beside the subject, whatever they are",
    fix="begin the body with a sentence in an element with display:none; or leave it, where the first words will do",
)
UNSUBSCRIBE_HIDDEN = Rule(
    name="unsubscribe_hidden",
    what="List-Unsubscribe is set, but nobody who reads the message sees how to unsubscribe",
    fix="show {{ unsubscribe_url }}, or a link that says so; who does not find it presses the spam button",
)
TEXT_EMPTY = Rule(
    name="text_empty",
    what="the plain text says nearly nothing: watches, screen readers and filters read that",
    fix="write a body.txt that says what the HTML says; where the HTML is all images, write text into it, too",
)
TEXT_MARKUP = Rule(
    name="text_markup",
    what="HTML stands in the plain text, where people see it as it is",
    fix="take tags, and things such as &nbsp;, out of body.txt",
)

RULES = tuple(one for one in list(globals().values()) if isinstance(one, Rule))
"""All of them, in the order in which they are told."""
