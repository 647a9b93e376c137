"""Passphrases: from a file, the environment or a prompt; never from an argument, never in a log."""

import getpass
import os
import sys
from pathlib import Path

from ..core.errors import KeyFileError

VARIABLE = "SEATRIAL_KEY_PASSPHRASE"


def passphrase_of(file: Path | None, *, confirm: bool = False) -> bytes:
    """The passphrase; raises KeyFileError when there is no way to ask for it."""
    if file is not None:
        try:
            return file.read_bytes().rstrip(b"\r\n")
        except OSError as error:
            raise KeyFileError(f"{file}: cannot be read ({error.strerror})") from None
    if VARIABLE in os.environ:
        return os.environ[VARIABLE].encode()
    if not sys.stdin.isatty():
        raise KeyFileError(f"no terminal to ask for the passphrase; give --passphrase-file or set {VARIABLE}")
    given = getpass.getpass("Passphrase: ")
    if confirm and getpass.getpass("Again: ") != given:
        raise KeyFileError("the two passphrases differ")
    return given.encode()
