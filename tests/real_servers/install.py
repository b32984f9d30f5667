"""`python -m tests.real_servers.install [SERVER…]`: fetch the mail servers, each into a root of its own; and OpenDKIM,
which verifies signatures, and Perl's MIME-tools, which parse messages, likewise.

Debian's mail servers conflict with each other, and an installed one may start by itself. So none is installed: apt is
asked what each needs on a machine that has nothing, and all of that (the C library included) is unpacked into a folder
of its own, where `chroot` finds every path that is compiled in. Nothing outside `home()` is touched, no package's
script is run. What is there already is left alone, so a second call takes no time. Haraka comes from npm, likewise.

`home()` is ~/.cache/campaign-real-servers, or what the environment says in REAL_SERVERS. After `apt-get update`, about
70 MB of packages are downloaded, and what npm needs; all of it takes about 1 GB. Raises Unavailable; the command says
so and ends with exit code 1.

Limits: Debian and what descends from it; root, since only root may keep the packages' owners and make device files.
"""

import contextlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PACKAGES: dict[str, tuple[str, ...]] = {
    "postfix": ("postfix", "dovecot-core", "postgrey"),
    "exim": ("exim4-daemon-heavy",),
    "sendmail": ("sendmail-bin", "sendmail-cf", "sasl2-bin", "libsasl2-modules"),
    "opensmtpd": ("opensmtpd",),
    "dovecot": ("dovecot-core", "dovecot-submissiond", "dovecot-lmtpd"),
    "dovecot-imap": ("dovecot-core", "dovecot-imapd"),
    "courier": ("courier-mta", "sed"),
    "opendkim": ("opendkim", "opendkim-tools"),
    "mime-tools": ("libmime-tools-perl",),
}
"""By server: what apt is asked for."""
NPM_PACKAGES = {"haraka": "Haraka@3.3.4"}
"""By server: what npm is asked for."""

_ALWAYS = ("dash", "coreutils")
"""Taken for granted on every Debian machine, so packages do not name them."""
_UNUSED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian")
_MERGED = ("bin", "sbin", "lib", "lib64")
_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
"""Linux's numbers: kernel.org, Documentation/admin-guide/devices.txt."""


class Unavailable(Exception):  # noqa: N818 - it is no fault of anybody's
    """Why a server can't be had here, in words for `pytest.skip`."""


def home() -> Path:
    """Give the folder that everything lies in."""
    return Path(os.environ.get("REAL_SERVERS") or Path.home() / ".cache" / "campaign-real-servers")


def root_of(server: str) -> Path:
    """Give the folder that a server was unpacked into; Unavailable where it was not, or can't be used."""
    root = home() / "roots" / server
    if os.geteuid() != 0:
        raise Unavailable(f"{server} runs in a chroot, which takes root")
    if not _is_complete(root, PACKAGES[server]):
        raise Unavailable(f"{server} is not unpacked: python -m tests.real_servers.install {server}")
    try:
        (root / "dev" / "null").open("wb").close()
    except OSError as error:
        raise Unavailable(f"{server}: {root} is on a file system without devices ({error})") from None
    tried = subprocess.run(["chroot", root, "/bin/true"], capture_output=True, text=True)
    if tried.returncode:
        raise Unavailable(f"{server}: this machine lets even root do no chroot ({tried.stderr.strip()})")
    return root


def install(server: str) -> bool:
    """Fetch and unpack a server's packages. Gives False where that was done before. Raises Unavailable."""
    root, packages = home() / "roots" / server, PACKAGES[server]
    if _is_complete(root, packages):
        return False
    for tool in ("apt-get", "dpkg-deb", "tar"):
        if shutil.which(tool) is None:
            raise Unavailable(f"{server}: there is no {tool} here, so no Debian packages")
    if os.geteuid() != 0:
        raise Unavailable(f"{server}: only root can unpack it with its owners and device files")
    archives = home() / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    names = _fetch((*packages, *_ALWAYS), archives)
    unfinished = root.with_name(f"{server}.unfinished")
    for left_over in (unfinished, root):
        shutil.rmtree(left_over, ignore_errors=True)
    try:
        _lay_out(unfinished)
    except PermissionError as error:
        raise Unavailable(f"{server}: this machine lets even root make no device files ({error})") from None
    for name in names:
        _unpack(archives / name, unfinished)
    _stamp(unfinished).write_text("\n".join(packages))
    unfinished.rename(root)
    return True


def npm_folder_of(server: str) -> Path:
    """Give the folder of a server from npm; Unavailable where it is not there."""
    name = NPM_PACKAGES[server].partition("@")[0]
    folder = home() / "npm" / server / "node_modules" / name
    if not (folder / "package.json").is_file():
        raise Unavailable(f"{server} is not fetched: python -m tests.real_servers.install {server}")
    return folder


def install_from_npm(server: str) -> bool:
    """Fetch a server from npm; no package's script is run. Gives False where that was done before."""
    with contextlib.suppress(Unavailable):
        return not npm_folder_of(server)
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable(f"{server}: there is no npm here")
    folder = home() / "npm" / server
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder)]
    done = subprocess.run([npm, "install", *options, NPM_PACKAGES[server]], capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"npm gives no {server}: {done.stderr.strip()[-300:]}")
    return True


def _is_complete(root: Path, packages: Sequence[str]) -> bool:
    stamp = _stamp(root)
    return stamp.is_file() and stamp.read_text() == "\n".join(packages)


def _stamp(root: Path) -> Path:
    return root / ".packages"


def _fetch(packages: Sequence[str], archives: Path) -> list[str]:
    """Download the packages and all that they depend on; gives their files' names."""
    with tempfile.TemporaryDirectory() as folder:
        nothing = Path(folder) / "status"  # of dpkg: as if no package were installed
        nothing.touch()
        (Path(folder) / "partial").mkdir()
        wanted = _apt(packages, nothing, Path(folder), "--print-uris")  # names only what is not downloaded yet
        _apt(packages, nothing, archives, "--download-only")
    return [line.split()[1] for line in wanted.splitlines() if line.startswith("'")]


def _apt(packages: Sequence[str], status: Path, archives: Path, mode: str) -> str:
    options = {
        "Dir::State::status": status,
        "Dir::Cache::archives": archives,
        "Dir::Cache::pkgcache": "",  # the machine's own cache is not for a machine without packages
        "Dir::Cache::srcpkgcache": "",
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "root",
    }
    command = ["apt-get", "-q", "-y", "--no-install-recommends", mode]
    command += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    done = subprocess.run([*command, "install", *packages], capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
        raise Unavailable(f"apt-get gives no {packages[0]} ({' '.join(said)}); has `apt-get update` been run?")
    return done.stdout


def _lay_out(root: Path) -> None:
    """What a package expects to find: /usr merged, devices, places to write."""
    for name in _MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for name in ("dev", "etc", "run", "tmp", "var/spool", "var/lib", "var/log"):
        (root / name).mkdir(parents=True)
    (root / "var" / "run").symlink_to("/run")
    (root / "tmp").chmod(0o1777)
    for name, (major, minor) in _DEVICES.items():
        device = root / "dev" / name
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(major, minor))
        device.chmod(0o666)


def _unpack(package: Path, root: Path) -> None:
    excluded = [f"--exclude=./{folder}" for folder in _UNUSED]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as archive:
        tar = ["tar", "-x", "-p", "--numeric-owner", "--keep-directory-symlink", *excluded, "-C", str(root)]
        done = subprocess.run(tar, stdin=archive.stdout, stderr=subprocess.PIPE, text=True)
    if done.returncode or archive.returncode:
        raise Unavailable(f"{package.name} can't be unpacked: {done.stderr.strip()[-300:]}")


def _main(servers: Sequence[str]) -> int:
    unavailable = 0
    for server in servers or [*PACKAGES, *NPM_PACKAGES]:
        try:
            is_new = install_from_npm(server) if server in NPM_PACKAGES else install(server)
            print(f"{server}: {'installed' if is_new else 'there already'}", flush=True)
        except Unavailable as reason:
            unavailable += 1
            print(reason, file=sys.stderr)
    shutil.rmtree(home() / "archives", ignore_errors=True)
    return int(unavailable > 0)


if __name__ == "__main__":
    raise SystemExit(_main(sys.argv[1:]))
