"""`campaign init`: a folder to start from, made of the sample and the templates that come along.

Raises SettingsError where the folder is not empty or can't be written, ResultsError where a link of somebody else's
leads to it.
"""

from importlib.resources import files
from pathlib import Path

from campaign.errors import SettingsError
from campaign.private_files import create, make_folder, resolved
from campaign.terminal.first_steps import after_init
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.next_commands import show_next
from campaign.terminal.stdout import say


def start_campaign(folder: Path) -> None:
    """Make the folder, and say what comes next. Raises SettingsError."""
    invocation = Invocation(program=program(), campaign=make_campaign(folder))
    say(
        f"made {invocation.campaign}\n"
        "yours to edit: campaign.toml, contacts.csv, and the folders of templates; as they are, they make a sample"
    )
    show_next(after_init(invocation), say)


def make_campaign(folder: Path) -> Path:
    """Make the folder; gives the path of its campaign.toml. Raises SettingsError."""
    resolved(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError("there is something there already", where=str(folder), fix="name a new or an empty folder")
    source = _source()
    try:
        for file in sorted((source / "templates").rglob("*")):
            if file.is_file():
                _write(folder / file.relative_to(source), file.read_bytes())
        for name in ("contacts.csv", "unsubscribed.csv"):
            _write(folder / name, (source / "sample_data" / name).read_bytes())
        settings = (source / "sample_data" / "campaign.toml").read_text("utf-8")
        # In the sample, the templates lie beside its folder; here, in it. Comments stay in their column.
        settings = settings.replace('"../templates/login_link"', '"templates/login_link"   ')
        settings = settings.replace("../templates/", "templates/").replace("sample_data/campaign.toml", "campaign.toml")
        made = folder / "campaign.toml"
        _write(made, settings.encode())
    except OSError as error:
        raise SettingsError(
            f"the folder can't be written: {error.strerror}", where=str(folder), fix="name a folder you may write to"
        ) from None
    return made


def _write(path: Path, content: bytes) -> None:
    make_folder(path.parent)
    with create(path) as file:
        file.write(content)


def _source() -> Path:
    """Where the sample lies: in the installed package, or in the checkout that it is run from."""
    package = Path(str(files("campaign")))
    installed = package / "starter_files"
    return installed if installed.is_dir() else package.parent
