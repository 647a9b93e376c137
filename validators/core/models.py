"""What checks may ask of a model behind the wall."""

from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Model(Protocol):
    """A model behind the wall: rows in, scores out."""

    def predict(self, X: pd.DataFrame, /) -> NDArray[np.float64]:
        """Score per row (n,), or per row and class (n, K)."""
        ...

    def fitted_statistics(self) -> list[dict[str, Any]]:
        """What its parts keep of the rows they were fitted on."""
        ...


@runtime_checkable
class Operated(Model, Protocol):
    """A model whose process can be put to the test: none of this asks for anything but scores."""

    def predict_no_rows(self, X: pd.DataFrame, /) -> None:
        """Ask for the scores of an empty frame; raises ModelError where the model does not answer it."""
        ...

    def predict_in_threads(self, X: pd.DataFrame, threads: int, /) -> NDArray[np.float64]:
        """(threads, n) or (threads, n, K) scores of rows that several threads ask for at once."""
        ...

    def again(self) -> AbstractContextManager["Operated"]:
        """The same model in a fresh process."""
        ...

    def usage(self) -> dict[str, Any]:
        """What its calls cost so far: `cold_start_ms`, `peak_memory_mb` and others, None where not known."""
        ...
