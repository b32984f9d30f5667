"""`campaign init`: a folder with a campaign to start from, made of the sample and the templates that come along.

Raises SettingsError where the folder is not empty or can't be written.
"""

import shutil
from importlib.resources import files
from pathlib import Path

from campaign.errors import SettingsError


def make_campaign(folder: Path) -> Path:
    """Make the folder; gives the path of its campaign.toml. Raises SettingsError."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError("there is something there already", where=str(folder), fix="name a new or an empty folder")
    source = _source()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source / "templates", folder / "templates")
        for name in ("contacts.csv", "unsubscribed.csv"):
            shutil.copyfile(source / "sample_data" / name, folder / name)
        settings = (source / "sample_data" / "campaign.toml").read_text("utf-8")
        # In the sample, the templates lie beside its folder; here, in it. Comments stay in their column.
        settings = settings.replace('"../templates/login_link"', '"templates/login_link"   ')
        settings = settings.replace("../templates/", "templates/").replace("sample_data/campaign.toml", "campaign.toml")
        made = folder / "campaign.toml"
        made.write_text(settings, "utf-8")
    except OSError as error:
        raise SettingsError(
            f"the folder can't be written: {error.strerror}", where=str(folder), fix="name a folder you may write to"
        ) from None
    return made


def _source() -> Path:
    """Where the sample lies: in the installed package, or in the checkout that it is run from."""
    package = Path(str(files("campaign")))
    installed = package / "starter_files"
    return installed if installed.is_dir() else package.parent
