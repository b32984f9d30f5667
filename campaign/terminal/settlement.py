"""What later evidence has come to, in lines: rows moved from what to what and by what, then whatever else there is to
know. Takes a `Settlement`; names nobody by their address, but in hints. Raises nothing.
"""

from collections.abc import Iterable, Iterator, Mapping

from campaign.evidence import EvidenceKind, Unread
from campaign.model import Status
from campaign.run.settlement import Settlement
from campaign.terminal.stdout import Say

_FEEDBACK = {EvidenceKind.COMPLAINT: "complaints", EvidenceKind.UNSUBSCRIBED: "unsubscribed"}


def show_settlement(settled: Settlement, say: Say) -> None:
    """Say it."""
    would = "would be moved" if settled.dry_run else "moved"
    files = "1 file of evidence" if settled.files == 1 else f"{settled.files:,} files of evidence"
    mails = "1 mail in the mailbox" if settled.mails == 1 else f"{settled.mails:,} mails in the mailbox"
    read = " and ".join([files] * (settled.files > 0) + [mails] * (settled.mails > 0))
    by = f"by {read}" if read else "since there was no evidence to read"
    say(f"{settled.campaign}: {_rows(settled.moved)} {would}, {by}")
    lines = [
        (f"{move.before.value} → {move.after.value}", f"{move.rows:,}", f"by {move.source}") for move in settled.moves
    ]
    lines += [(_FEEDBACK[one.kind], f"{one.rows:,}", f"by {one.source}") for one in settled.feedback]
    first = max((len(line[0]) for line in lines), default=0)
    second = max((len(line[1]) for line in lines), default=0)
    for words, count, source in lines:
        say(f"  {words:<{first}}  {count:>{second}}  {source}")
    for line in _more(settled):
        say(line)


def _more(settled: Settlement) -> Iterator[str]:
    if (settled.files or settled.mails) and not _says_something(settled):
        yield "nothing in it proves anything about this campaign's rows"
    if settled.unchanged:
        yield f"moved nothing, since it says what is on record: {_by_source(settled.unchanged)}"
    if settled.unmatched:
        yield f"about nobody of this campaign: {_by_source(settled.unmatched)}"
    if settled.earlier:
        yield f"from before this campaign, and left out: {_by_source(settled.earlier)}"
    if settled.being_sent:
        again = "settle once more when the run is over"
        yield f"about rows that a run is sending just now: {settled.being_sent:,}; {again}"
    for (what, fix), places in _alike(settled.unread).items():
        where = "".join(f"\n  where: {place}" for place in places)
        yield f"not read: {what}{where}" + (f"\n  to do: {fix}" if fix else "")
    if more := settled.unread_total - len(settled.unread):
        yield f"not read: {more:,} more"
    for one in settled.hints:
        yield f"for you to look at: {one.what}\n  where: {one.where}\n  to do: {one.fix}"
    if more := settled.hints_total - len(settled.hints):
        yield f"for you to look at: {more:,} more of the kind"
    if settled.suppressed is not None:
        would = "would be added" if settled.dry_run else "added"
        added, path = settled.suppressed.added, settled.suppressed.path
        people = "1 person" if added == 1 else f"{added:,} people"
        if added:
            yield f"{would} to the suppression list: {people}, {path}"
        else:
            yield f"nobody has to be added to the suppression list: {path}"
        if not settled.suppressed.is_named:
            yield f'  it counts once campaign.toml names it: "{path.name}" in suppress = […], under [contacts]'
    if settled.results is not None:
        yield f"written anew: {settled.results}"
    if settled.kept is not None:
        yield f"note: the results had been changed; what stood in them is kept: {settled.kept}"
    if settled.running is not None:
        host = f" on {settled.running_on}" if settled.running_on else ""
        yield f"a run is going on, process {settled.running}{host}: it writes the results when it ends"
    doubtful = settled.counts[Status.IN_DOUBT]
    if not doubtful:
        yield "nothing is in doubt"
    else:
        yield f"still in doubt: {_rows(doubtful)}"


def _says_something(settled: Settlement) -> bool:
    """Whether any evidence was found, be it of others."""
    counted = (settled.moves, settled.feedback, settled.unchanged, settled.unmatched, settled.earlier, settled.hints)
    return any(counted) or settled.being_sent > 0


def _alike(unread: Iterable[Unread]) -> dict[tuple[str, str], list[str]]:
    """Give the places of what could not be read for the same reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in unread:
        found.setdefault((one.what, one.fix), []).append(one.where)
    return found


def _by_source(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {'piece' if count == 1 else 'pieces'} of {source}" for source, count in counts.items())


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
