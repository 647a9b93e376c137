"""A model file handed to a process of its own: the very bytes that were digested, if the process is confined enough for them."""

import hashlib
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..confined.process import Limits, Worker
from ..confined.protocol import clean, receive, send
from ..core.errors import ModelError, ModelTimeout
from .description import Description, described
from .staged import Staged

SUFFIXES = (".joblib", ".pkl", ".pickle", ".skops", ".json", ".ubj", ".txt", ".cbm", ".onnx")
CODE_BEARING = (".joblib", ".pkl", ".pickle")
FOLDER = "mlflow"
MAX_DESCRIPTION = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A model's file or folder; the modules that it imports, as text by name; types of a skops file that the project approves."""

    path: Path
    code: Mapping[str, str]
    types: Sequence[str] = ()
    allow_unconfined: bool = False

    @property
    def format(self) -> str:
        """The suffix of a file; of a folder the word for it."""
        return FOLDER if self.path.is_dir() else self.path.suffix

    @property
    def runs(self) -> str:
        """What of it runs code, in words; empty where that is for its process to find out, or nothing does."""
        if self.format in CODE_BEARING:
            return f"a {self.format} file"
        return "code of its own" if self.code or self.types else ""


def artefact(path: Path, code: Sequence[Path], types: Sequence[str], *, allow_unconfined: bool) -> Artefact:
    """An artefact with the text of its modules; raises ModelError where its format is unknown."""
    held = Artefact(
        path=path,
        code={p.stem: p.read_text("utf-8") for p in code},
        types=list(types),
        allow_unconfined=allow_unconfined,
    )
    if held.format not in (*SUFFIXES, FOLDER):
        raise ModelError(
            f"{path.name}: unknown model format {path.suffix!r}; give one of {', '.join(SUFFIXES)}, or a folder of MLflow"
        )
    return held


def loaded(asked: Artefact, limits: Limits) -> tuple[Worker, Description]:
    """A process that has loaded the model, and what it says of it.

    Raises
    ------
    ModelError, ModelTimeout
        When it cannot be read or loaded, or is not given to a process with so little confinement; the process is ended then.
    """
    name = asked.path.name
    with ExitStack() as files, ExitStack() as undo:
        try:
            found = _handed_over(asked, limits, files, undo)
        except OSError as error:
            raise ModelError(f"{name}: cannot be read ({error.strerror})") from None
        except ModelTimeout as error:
            raise ModelTimeout(f"{name} {error}; its process was ended") from None
        except ModelError as error:
            raise ModelError(f"{name} {error}") from None
        undo.pop_all()
        return found


def listed_features(path: Path) -> tuple[str, ...]:
    """The features that a model's file lists as its own; empty where it lists none, or cannot be loaded without more."""
    try:
        worker, found = loaded(artefact(path, (), (), allow_unconfined=False), Limits())
    except ModelError:
        return ()
    worker.end()
    return found.features or ()


def _handed_over(asked: Artefact, limits: Limits, files: ExitStack, undo: ExitStack) -> tuple[Worker, Description]:
    header: dict[str, Any] = {"suffix": asked.format, "code": dict(asked.code), "types": list(asked.types)}
    if asked.format == FOLDER:
        staged = Staged(asked.path)
        undo.callback(staged.close)
        file, sha256, size = files.enter_context(staged.file), staged.sha256, staged.size
        header["folder"] = str(staged.folder)
        worker = Worker(limits, readable=[staged.folder], afterwards=staged.close)
    else:
        file = files.enter_context(asked.path.open("rb"))
        sha256, size = hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size
        worker = Worker(limits)
    undo.callback(worker.end)
    run_code = worker.isolation == "full" or asked.allow_unconfined
    if asked.runs and not run_code:
        raise ModelError(worker.refusal(asked.runs))
    try:
        file.seek(0)
        send(worker.socket, header | {"run_code": run_code}, b"", seconds=limits.start_s)
        socket.send_fds(worker.socket, [b"m"], [file.fileno()])
        reply, _ = receive(worker.socket, payload_size=0, seconds=limits.load_s, most=MAX_DESCRIPTION)
    except (EOFError, ConnectionError):
        raise ModelError(f"cannot be loaded: the process that loads it ended {worker.end()}") from None
    if not reply.get("ok"):
        if reply.get("type") == "RunsCode":  # what a folder holds is for the worker to read
            raise ModelError(worker.refusal(clean(reply.get("message"))))
        raise ModelError(_refusal(*failure(reply, limits)))
    return worker, described(
        reply,
        file=asked.path.name,
        format=asked.format.lstrip("."),
        sha256=sha256,
        bytes=size,
        isolation=worker.isolation,
    )


def failure(reply: dict[str, Any], limits: Limits) -> tuple[str, str]:
    """Kind and words of what a model raised."""
    kind, message = clean(reply.get("type"), 80), clean(reply.get("message"))
    if kind == "MemoryError":
        message = f"its process may take {limits.memory_bytes / (1 << 30):g} GB; memory_gb in settings.toml sets it {message}".strip()
    return kind, message


def _refusal(kind: str, message: str) -> str:
    if kind in ("ModuleNotFoundError", "ImportError"):
        return (
            f"cannot be loaded: {message}; install that library beside seatrial, "
            'or name the module under code = ["..."] in [model]'
        )
    return f"cannot be loaded ({kind}: {message})"
