"""`Stories`: what is open of our messages in mail servers' logs, by host and queue id, over any number of files.

A queue id comes again for other mail, so what is said of an id counts for a message only if it comes later in time,
and if nothing was missed between in which the id may have got a new owner. Files come in the order of their first
moment, but may overlap, be copies of one another, or have one missing between:

- Of the time that earlier files of that very server have covered, a file's lines count among themselves alone; but a
  file that begins in the second in which the one before ends goes on from there.
- Between two files of a server that are further apart than ten minutes, where a log says that lines were dropped on its
  host, and where time goes backwards in a file, and on again, there is a break: then a story is no longer `certain`,
  unless its id never comes again.

Limits: lines that are missing for less than ten minutes, and of which nothing tells, are not noticed; nor that a part
of a file, which begins in the very second in which another one ends, is no continuation. Memory grows with the messages
of ours that are open, not with the log. Raises nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from campaign.evidence import Evidence

Origin = tuple[str, str]
"""The host, and which of its servers."""
_GAP = 600


@dataclass(slots=True)
class Story:
    """One message of ours under one queue id."""

    contact: int
    message_id: str
    begun: int
    """Unix seconds: when the id was first seen with our message."""
    breaks: int
    breaks_before: int
    unique: bool
    accepted: bool = False
    """For whoever reads: whether it was said already that the message was taken."""
    deferred: bool = False
    """For whoever reads: whether the last that was said of the contact's own address is that it has to wait."""
    expired: tuple[Evidence, ...] = ()
    """For whoever reads: what shows that it was given up, once its file is gone."""
    failed: tuple[Evidence, ...] = ()
    """Likewise, if nobody has got it: it was given up for one of those that an alias stands for."""
    is_alias: bool = False
    """For whoever reads: whether others may have been made of the contact's address."""
    delivered: bool = False
    """For whoever reads: whether anybody whom it was for has got it."""


_Shelf = dict[bytes, dict[Origin, Story]]


@dataclass(slots=True)
class Stories:
    """Those of one kind of server."""

    _kept: _Shelf = field(default_factory=dict)
    _again: _Shelf = field(default_factory=dict)
    """Of the file that is being read, what began in a time that was covered before."""
    _covered: dict[Origin, int] = field(default_factory=dict)
    """The last moment that files before this one have."""
    _breaks: dict[Origin, int] = field(default_factory=dict)
    _dropped: dict[str, int] = field(default_factory=dict)
    """By host."""
    _here: set[Origin] = field(default_factory=set)
    """Those of this file."""
    _from: int = 0
    _last: dict[str, int] = field(default_factory=dict)
    _disordered: set[str] = field(default_factory=set)
    """The hosts of which this file has lines in no order."""

    def file_begins(self, moment: int) -> None:
        """A file begins, with a line of that moment."""
        self._from = moment
        self._last.clear()
        self._disordered.clear()
        self._here.clear()
        self._again.clear()

    def file_ends(self, moment: int) -> None:
        """The file has ended, with a line of that moment."""
        for identifier, origin, story in list(_all(self._again)):
            if moment > self._covered.get(origin, 0):
                self._put(self._kept, identifier, origin, story)
        self._again.clear()
        for origin in self._here:
            self._covered[origin] = max(moment, self._covered.get(origin, moment))

    def seen(self, origin: Origin) -> None:
        """The file has lines of that server; before anything else is asked of it."""
        if origin not in self._here:
            self._here.add(origin)
            if origin in self._covered and self._from - self._covered[origin] > _GAP:
                self._breaks[origin] = self._breaks.get(origin, 0) + 1

    def passes(self, host: str, moment: int) -> None:
        """A line of the host's is of that moment. Where files were put together in a wrong order, lines are missing
        between what stands side by side.
        """
        last = self._last.get(host, moment)
        if moment < last - _GAP:
            self._disordered.add(host)
        if moment < last - _GAP or (host in self._disordered and moment > last + _GAP):
            self.missed(host)
        self._last[host] = moment

    def missed(self, host: str) -> None:
        """Lines of that host's were dropped."""
        self._dropped[host] = self._dropped.get(host, 0) + 1

    def knows(self, identifier: bytes) -> bool:
        """Whether a story may be open under that id. Costs next to nothing."""
        return identifier in self._kept or identifier in self._again

    def open(
        self, identifier: bytes, origin: Origin, *, contact: int, message_id: str, moment: int, unique: bool
    ) -> Story:
        """A message of ours has got that id. `unique`: the host gives it to no other message, ever."""
        breaks = self._interruptions(origin)
        story = Story(contact, message_id, moment, breaks, breaks, unique)
        self.close(identifier, origin, moment)
        self._put(self._again if self._is_covered(origin, moment) else self._kept, identifier, origin, story)
        return story

    def find(self, identifier: bytes, origin: Origin, moment: int) -> Story | None:
        """Find the message that has the id at that moment."""
        shelves = (self._again,) if self._is_covered(origin, moment) else (self._kept, self._again)
        found = (shelf.get(identifier, {}).get(origin) for shelf in shelves)
        return max((story for story in found if story and story.begun <= moment), key=_begun, default=None)

    def confirm(self, story: Story, origin: Origin) -> None:
        """The id still is this message's: a line has named whom it is for."""
        story.breaks = self._interruptions(origin)

    def is_certain(self, story: Story, origin: Origin) -> bool:
        """Whether everything was seen since it began, so that the id still is this message's."""
        return story.unique or story.breaks == self._interruptions(origin)

    def is_whole(self, story: Story, origin: Origin) -> bool:
        """Whether all that was said of it was seen."""
        return story.breaks_before == self._interruptions(origin)

    def close(self, identifier: bytes, origin: Origin, moment: int) -> None:
        """The id is free again, or has another owner."""
        for shelf in (self._again,) if self._is_covered(origin, moment) else (self._again, self._kept):
            stories = shelf.get(identifier)
            if stories and origin in stories and stories[origin].begun <= moment:
                del stories[origin]
                if not stories:
                    del shelf[identifier]

    def _is_covered(self, origin: Origin, moment: int) -> bool:
        covered = self._covered.get(origin, 0)
        return self._from < covered and moment <= covered

    def _interruptions(self, origin: Origin) -> int:
        return self._breaks.get(origin, 0) + self._dropped.get(origin[0], 0)

    def _put(self, shelf: _Shelf, identifier: bytes, origin: Origin, story: Story) -> None:
        stories = shelf.setdefault(identifier, {})
        if origin not in stories or stories[origin].begun <= story.begun:
            stories[origin] = story


def _begun(story: Story) -> int:
    return story.begun


def _all(shelf: _Shelf) -> Iterator[tuple[bytes, Origin, Story]]:
    for identifier, stories in shelf.items():
        for origin, story in stories.items():
            yield identifier, origin, story
