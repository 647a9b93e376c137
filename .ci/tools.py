"""See to the programs and libraries that the tests need and that pip cannot install: as root install them, else name them."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable


def loads(library: str) -> bool:
    """Whether a shared library is on this machine; other systems than Linux have their own names for them."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return not sys.platform.startswith("linux")
    return True


NEEDED: dict[str, Callable[[], bool]] = {
    "chromium": lambda: shutil.which("chromium") is not None,
    "libatomic1": lambda: loads("libatomic.so.1"),  # Playwright's driver
    "libgomp1": lambda: loads("libgomp.so.1"),  # LightGBM
    "openssl": lambda: shutil.which("openssl") is not None,
    "unzip": lambda: shutil.which("unzip") is not None,
}


def missing() -> list[str]:
    """Names of the Debian packages whose content is not on this machine."""
    return [name for name, present in NEEDED.items() if not present()]


def install(packages: list[str]) -> None:
    """Install Debian packages; what apt-get says is shown only if it fails."""
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "-qq", *arguments],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(
                f"{done.stdout}{done.stderr}apt-get {arguments[0]} failed, so the tests lack {', '.join(packages)}."
            )


def main() -> None:
    """Leave with an error unless everything is there in the end."""
    lacking = missing()
    if lacking and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {', '.join(lacking)} with apt-get.", flush=True)
        install(lacking)
        lacking = missing()
    if lacking:
        sys.exit(
            f"The tests need {', '.join(lacking)}: install with `sudo apt-get install {' '.join(lacking)}` and try again."
        )


if __name__ == "__main__":
    main()
