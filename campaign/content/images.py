"""Images that the HTML shows and the message brings along: `src="cid:logo.png"` names a file, as templates are named.

In: the syntax tree of a template that gives HTML. Out: the same, each `cid:` with the Content-ID of its image in the
file's place (RFC 2392), and the images, once each. It is done before the template is compiled, so that nothing is
left to do for a message.

Raises `TemplateError` that names file and line: for a file that isn't there, and for a name that is put together, since
what a message brings along is the same for everybody. Limits: a `cid:` that comes whole from a cell is not found, and
shows nothing.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from hashlib import sha256
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from jinja2 import nodes

from campaign.confined_files import RefusedFileError, open_within, read_whole
from campaign.errors import TemplateError
from campaign.model import InlineImage

_CID = re.compile(r"""(["'(=]\s*|\A\s*)cid:([^"'()\s<>]*)""", re.IGNORECASE)
"""In an attribute, quoted or not, or in `url()`; or at the start of a text that a template hands on."""
_LARGEST = 10_000_000
"""Octets of one image: more than any inbox shows in a message."""


class InlineImages:
    """Those of one folder of templates. `domain`: the right side of their Content-IDs."""

    def __init__(self, folder: Path, domain: str) -> None:
        self._folder = folder
        self._domain = domain
        self._found: dict[str, InlineImage] = {}
        self._complete = False

    def complete(self) -> tuple[InlineImage, ...]:
        """Give all that were named; from now on, nothing new can be."""
        self._complete = True
        return tuple(self._found.values())

    @property
    def files(self) -> tuple[Path, ...]:
        """The images' files."""
        return tuple(self._folder / name for name in self._found)

    def put_into(
        self, tree: nodes.Template, candidates: Callable[[str], tuple[str, ...]], place: Callable[[str, int], str]
    ) -> None:
        """Put Content-IDs into the tree of a template. `candidates`: where a name may lead, from the folder of all
        templates; `place`: writes file and line of what stands on a line.
        """
        kinds: tuple[type[nodes.TemplateData | nodes.Const], ...] = (nodes.TemplateData, nodes.Const)
        for node in tree.find_all(kinds):
            text = node.data if isinstance(node, nodes.TemplateData) else node.value
            if not isinstance(text, str) or "cid:" not in text.lower():
                continue

            def written(match: re.Match[str], node: nodes.TemplateData | nodes.Const = node, text: str = text) -> str:
                # The text may go over many lines, and the node knows where it begins.
                line = node.lineno + text.count("\n", 0, match.start(2))
                # Behind it comes what the template writes next: another piece of the name.
                goes_on = isinstance(node, nodes.TemplateData) and match.end() == len(text)
                where = place(match[0].lstrip("\"'(= \n"), line)
                # A quoted value goes on behind a space, and a name of a file may have one: RFC 2392 has it as %20.
                has_space = match[1][:1] in ("'", '"') and text[match.end() :][:1].isspace()
                image = self._image(match[2], candidates, where, goes_on=goes_on, has_space=has_space)
                return f"{match[1]}cid:{image.content_id}"

            if isinstance(node, nodes.TemplateData):
                node.data = _CID.sub(written, text)
            else:
                node.value = _CID.sub(written, text)

    def _image(
        self,
        written: str,
        candidates: Callable[[str], tuple[str, ...]],
        where: str,
        *,
        goes_on: bool,
        has_space: bool,
    ) -> InlineImage:
        name = unquote(unescape(written))
        if not name or goes_on:
            raise TemplateError(
                "the name of an image is put together: what follows cid: must stand in the template as it is",
                where=where,
                fix="name a file in the template's folder, src=\"cid:logo.png\", or link to an image of the contact's",
            )
        for path in candidates(name):
            known = self._found.get(path)
            if known is not None:
                return known
            octets = self._read(path, name, where)
            if octets is None:
                continue
            if self._complete:
                raise TemplateError(
                    f"the image {name!r} is named in a template that is itself named by what a row holds",
                    where=where,
                    fix="include that template by its name, or show the image in body.html",
                )
            digest = sha256(octets + b"\0" + path.encode()).hexdigest()[:24]
            image = InlineImage(
                name=path.rpartition("/")[2], octets=octets, content_id=f"{digest}@{self._domain}", where=where
            )
            self._found[path] = image
            return image
        near = get_close_matches(name, [*self._beside(candidates(name))], n=1, cutoff=0.75)
        raise TemplateError(
            f"there is no image {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
            where=where,
            fix=(
                "write a space in its name as %20"
                if has_space
                else "put it into the template's folder; names count from there, then from the folder beside it"
            ),
        )

    def _beside(self, paths: tuple[str, ...]) -> Iterator[str]:
        """Give the names of what lies where an image was looked for."""
        for path in paths:
            folder = (self._folder / path).parent
            if folder.is_relative_to(self._folder):
                with suppress(OSError):
                    yield from os.listdir(folder)  # noqa: PTH208

    def _read(self, path: str, name: str, where: str) -> bytes | None:
        """The image's octets; None where there is no such file."""
        fix = "keep images in the template's folder, or in the folder beside it"
        try:
            with open_within(self._folder, path) as file:
                return read_whole(file, largest=_LARGEST)
        except RefusedFileError as error:
            what = f"the image {name!r} {error}"
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            what = f"the image {name!r} can't be read: {getattr(error, 'strerror', None) or 'no file has such a name'}"
        raise TemplateError(what, where=where, fix=fix)
