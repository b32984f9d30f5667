"""All that is wrong with a campaign's templates as one error: `Fault`s in, a `TemplateError` out."""

from collections.abc import Sequence

from campaign.content.lint import Fault
from campaign.errors import TemplateError

_TOLD = 10
"""Faults that are told one by one."""


def as_one_error(faults: Sequence[Fault]) -> TemplateError:
    """Tell all of them at once, at least one: the places of each, and several one a line."""
    places: dict[tuple[str, str], list[str]] = {}
    for fault in faults:
        where = places.setdefault((fault.what, fault.fix), [])
        if fault.where not in where:
            where.append(fault.where)
    if len(places) == 1:
        (((what, fix), where),) = places.items()
        return TemplateError(what, where=", ".join(where), fix=fix)
    lines = [f"  {', '.join(where)}: {what}" for (what, _), where in places.items()]
    more = len(lines) - _TOLD
    if more > 0:
        lines[_TOLD:] = [f"  and {more} more"]
    first, *others = dict.fromkeys(fix for _, fix in places)
    fixes = dict.fromkeys([first, *(fix.partition("; ")[2] or fix for fix in others)])  # "correct the template" once
    return TemplateError(
        "the templates name what there isn't:\n" + "\n".join(lines), where="message.template", fix="; ".join(fixes)
    )
