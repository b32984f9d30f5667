"""What was measured on: a line that lets a reader compare his own machine."""

import json
import os
import platform
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

from tests.benchmarks.sink import postfix_program


def describe(cache: Path, scratch: Path) -> str:
    """Name cores, processor, system, versions, and the file system that the ledger is on."""
    parts = [
        f"{os.cpu_count()} cores ({_processor()})",
        f"{_memory_gib():.0f} GiB",
        f"{_system()}, Linux {platform.release().partition('-')[0]}",
        f"{platform.python_implementation()} {platform.python_version()}",
        f"Postfix {_postfix_version()}",
        _first(r"go(\d[\d.]*)", _output("go", "version"), "Go {}"),
        _first(r"v(\d[\d.]*)", _output("node", "--version"), "Node.js {}"),
        _package(cache / "node" / "node_modules" / "nodemailer" / "package.json", "nodemailer"),
        f"ledger on {_file_system(scratch)}",
        f"{date.today():%Y-%m-%d}",
    ]
    return ", ".join(filter(None, parts))


def _processor() -> str:
    name = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return " ".join(name[1].split()) if name else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _system() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return platform.system()
    return f"{release['NAME']} {release.get('VERSION_ID', '')}".strip()


def _postfix_version() -> str:
    postconf = postfix_program("smtp-sink").replace("smtp-sink", "postconf")
    return _first(r"= (\S+)", _output(postconf, "-d", "mail_version"), "{}") or "of unknown version"


def _output(program: str, *arguments: str) -> str:
    found = shutil.which(program)
    if found is None:
        return ""
    return subprocess.run((found, *arguments), capture_output=True, text=True, check=False).stdout


def _first(pattern: str, text: str, form: str) -> str:
    found = re.search(pattern, text)
    return form.format(found[1]) if found else ""


def _package(description: Path, name: str) -> str:
    if not description.exists():
        return ""
    return f"{name} {json.loads(description.read_text(encoding='utf-8'))['version']}"


def _file_system(folder: Path) -> str:
    """The type of the file system that a folder is on: its longest mount point decides."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    under = [(len(point), kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return max(under)[1] if under else "an unknown file system"
