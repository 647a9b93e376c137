"""The errors a user can cause, and only those.

SeatrialError
├── ProjectError      the project file, or what it points to
├── DataError         a data file or a column
├── PolicyError       a policy file
├── ModelError        a model that cannot be loaded or called
│   └── ModelTimeout
├── SnapshotError     a snapshot that cannot be read or built
├── KeyFileError      a key, a passphrase or the trust store
└── RunError          a run folder that cannot be read or written

Each message is one sentence or a list of them: what, where, what was found, the way out.
"""


class SeatrialError(Exception):
    """Anything that is answered with a sentence and exit code 2."""


class ProjectError(SeatrialError):
    """The project file is wrong; `problems` lists every one of them."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class DataError(SeatrialError):
    """A data file or a column cannot be used."""


class PolicyError(SeatrialError):
    """A policy file is wrong; `problems` lists every one of them."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class ModelError(SeatrialError):
    """A model cannot be loaded, or raised when it was called."""


class ModelTimeout(ModelError):
    """A model did not answer in time."""


class SnapshotError(SeatrialError):
    """A snapshot cannot be read or built."""


class KeyFileError(SeatrialError):
    """A key file, its passphrase or the trust store cannot be used."""


class RunError(SeatrialError):
    """A run folder cannot be read or written."""
