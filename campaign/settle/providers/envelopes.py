"""What Amazon's services, and webhook receivers, put around an event, taken off.

In: an object as it stood in a file. Out: the objects inside it: the event itself, most of the time. Known are
notifications of Amazon SNS (the event is JSON in a string), bodies of SQS messages, records of Lambda, EventBridge's
`detail`, Mailgun's `event-data` beside its signature, a request's `body`, and lists of any of these. Raises nothing.

Sources: "Parsing message formats" of the SNS guide, "Amazon SQS message" of the Lambda guide, "Events structure" of the
EventBridge guide, "Webhooks" of Mailgun's manual.
"""

import json
from collections.abc import Iterator

from campaign.settle.providers.json_events import LISTS

_INSIDE = ("detail", "event-data", "Sns", "body", "Body", "Message")
_OF_AN_EVENT = {"event", "RecordType", "mail", "MessageID", "msg_id"}
"""A message of Postmark's API has a `Body`, too: the mail itself."""
_DEEPEST = 6


def unwrapped(found: dict[str, object], depth: int = 0) -> Iterator[dict[str, object]]:
    """Give what is inside; nothing, where it is said to whoever set this up ("Successfully validated SNS topic")."""
    if depth >= _DEEPEST:
        return
    for name in LISTS:
        if isinstance(listed := found.get(name), list) and any(isinstance(one, dict) for one in listed):
            for one in listed:
                if isinstance(one, dict):
                    yield from unwrapped(one, depth + 1)
            return
    for name in _INSIDE:
        if name in found and _is_envelope(found, name):
            yield from _within(found[name], depth)
            return
    yield found


def _is_envelope(found: dict[str, object], name: str) -> bool:
    """Whether what stands under this name is what it was sent for. Events have a `Message` or a `detail`, too."""
    if name == "Message":
        return "Type" in found and "TopicArn" in found
    if name == "detail":
        return "detail-type" in found
    if name in ("body", "Body"):
        return isinstance(found[name], dict | list | str) and not _OF_AN_EVENT & found.keys()
    return isinstance(found[name], dict)


def _within(value: object, depth: int) -> Iterator[dict[str, object]]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield from unwrapped(one, depth + 1)
