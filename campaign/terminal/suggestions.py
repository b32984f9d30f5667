"""What somebody may have meant who typed a command, an option or a value that there is none of.

Words in; words for "to do" out, "" where nothing is near. Raises nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

SYNONYMS: Mapping[str, str] = {
    **dict.fromkeys(("new", "create", "start"), "init"),
    **dict.fromkeys(("validate", "verify", "lint", "test"), "check"),
    **dict.fromkeys(("dry-run", "dryrun", "render", "show"), "preview"),
    **dict.fromkeys(("run", "continue", "resume", "go"), "send"),
    **dict.fromkeys(("retry", "again"), "resend"),
    **dict.fromkeys(("stats", "progress", "watch"), "status"),
    **dict.fromkeys(("export", "csv"), "results"),
    **dict.fromkeys(("delete", "forget", "remove", "gdpr"), "erase"),
    **dict.fromkeys(("server", "serve"), "sandbox"),
    **dict.fromkeys(("help", "docs", "manual", "man"), "guide"),
    **dict.fromkeys(("mint", "sign"), "link mint"),
    **dict.fromkeys(("inspect", "decode"), "link inspect"),
}
"""What people call a command elsewhere."""
_LONGEST = 100
_NEAR = 0.6


def nearest(word: str, known: Iterable[str]) -> str:
    """Give the one among those known that is most like it."""
    folded = {one.casefold(): one for one in known}
    near = get_close_matches(word[:_LONGEST].casefold(), list(folded), n=1, cutoff=_NEAR)
    return folded[near[0]] if near else ""


def command_meant(word: str, group: str, known: Collection[str]) -> str:
    """Give the command that was meant by a word that follows `group`: "campaign", or "campaign link"."""
    if (name := word.casefold()) in SYNONYMS:
        return f"campaign {SYNONYMS[name]}"
    near = nearest(word, known)
    return f"{group} {near}" if near else ""
