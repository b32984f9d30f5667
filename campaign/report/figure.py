"""A plot on the page: its heading, what it shows, its legend, the drawing, and the same numbers as a table.

Takes words and numbers, gives HTML. Whoever can't see the drawing, or wants the numbers, opens the table below it.
Raises nothing.
"""

from collections.abc import Mapping, Sequence

from campaign.model import Status
from campaign.pages import shown
from campaign.report.tables import name
from campaign.report.words import ORDER

Legend = Sequence[tuple[str, str]]
"""The class of a series, and its name."""


def figure(
    heading: str,
    words: str,
    *,
    legend: Legend = (),
    drawing: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    ends_in_words: bool = False,
) -> str:
    """Build it. The first column of the table has the rows' names, the others numbers, but for the last where it
    `ends_in_words`.
    """
    marks = "".join(f'<span><span class="key {style}"></span>{shown(named)}</span>' for style, named in legend)
    return (
        f'<figure class="picture"><figcaption><h3>{shown(heading)}</h3><p class="soft">{shown(words)}</p></figcaption>'
        f"{f'<p class={chr(34)}legend{chr(34)}>{marks}</p>' if marks else ''}{drawing}"
        f'<details><summary>In numbers<span class="unseen">: {shown(heading)}</span></summary>'
        f'<div class="scroll" role="region" tabindex="0" aria-label="{shown(heading)}, in numbers">'
        f"{_table(heads, rows, ends_in_words=ends_in_words)}</div></details></figure>"
    )


def present(counts: Sequence[Mapping[Status, int]]) -> list[Status]:
    """Give the statuses that any of these have, in their order."""
    return [status for status in ORDER if any(count.get(status) for count in counts)]


def status_legend(statuses: Sequence[Status]) -> Legend:
    """Give the legend of these."""
    return [(f"is-{status}", name(status)) for status in statuses]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, ends_in_words: bool) -> str:
    kinds = ["n"] * (len(heads) - 1)
    if ends_in_words:
        kinds[-1] = "words"
    head = f'<th scope="col">{shown(heads[0])}</th>' + "".join(
        f'<th scope="col" class="{kind}">{shown(one)}</th>' for kind, one in zip(kinds, heads[1:], strict=True)
    )
    body = "".join(
        f'<tr><th scope="row"><bdi>{shown(row[0])}</bdi></th>'
        + "".join(f'<td class="{kind}">{shown(cell)}</td>' for kind, cell in zip(kinds, row[1:], strict=True))
        + "</tr>"
        for row in rows
    )
    return f'<table class="numbers"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
