"""Whether this machine's login manager would kill a host when its person logs out.

systemd-logind with `KillUserProcesses=yes` ends everything in the scope of a login session (logind.conf(5)); a process
session of its own and an ignored SIGHUP do not help against that. An account that lingers is spared.
"""

from __future__ import annotations

import getpass
import re
from pathlib import Path

_CONFIGS = ("usr/lib/systemd/logind.conf", "etc/systemd/logind.conf")
_KILLS = re.compile(r"^\s*KillUserProcesses\s*=\s*(\S+)", re.M | re.I)
_TRUE = frozenset({"1", "yes", "y", "true", "t", "on"})


def warning(root: Path = Path("/"), account: str = "") -> str:
    """What to know before the day starts, with what to do; empty: nothing will be killed, or it is not systemd."""
    account = account or getpass.getuser()
    if not _in_login_scope(root) or not _kills(root):
        return ""
    if (root / "var/lib/systemd/linger" / account).exists():
        return ""
    return (
        "this machine ends an account's processes when it logs out (KillUserProcesses=yes of systemd-logind): "
        "the session would end with your line. `loginctl enable-linger` spares this account"
    )


def _in_login_scope(root: Path) -> bool:
    """Only what runs inside a login's scope is ended with it; a service or a container is not."""
    try:
        return "/session-" in (root / "proc/self/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _kills(root: Path) -> bool:
    """The last setting wins; drop-in files come after the main file, in the order of their names."""
    word = ""
    drop_ins = sorted(
        (path for name in _CONFIGS for path in (root / f"{name}.d").glob("*.conf")), key=lambda own: own.name
    )
    for path in (*(root / name for name in _CONFIGS), *drop_ins):
        try:
            found = _KILLS.findall(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
        word = found[-1] if found else word
    return word.lower() in _TRUE
