"""The commands. `main` is the entry point: bad input ends in one sentence and exit code 2, never in a traceback."""

import errno
import os
import sys

# before any learner is imported: threads of OpenMP that wait by spinning burn the other core of a small machine
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import typer

from ..core.errors import SeatrialError
from ..views.fmt import visible
from . import application, differing, judging, keyring, packs, running, snapshots

app = typer.Typer(
    name="seatrial",
    help="The sea trial of a machine-learning model before it goes to production.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for module in (running, judging, differing, packs, snapshots, application):
    module.register(app)
app.add_typer(keyring.app, name="keys")


# of a disk that is full, broken or not ours to write: no defect of the program
DISK = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG)


def main() -> None:
    """Run the command line."""
    try:
        app(standalone_mode=True)
    except SeatrialError as error:
        for line in str(error).splitlines():
            print(f"seatrial: {visible(line)}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in DISK:
            raise
        print(f"seatrial: {error.filename or 'a file'}: cannot be written ({error.strerror})", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("seatrial: cancelled", file=sys.stderr)
        sys.exit(130)
