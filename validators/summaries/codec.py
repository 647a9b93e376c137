"""Arrays of integers as JSON: compressed, with shape; what a summary is stored as in a run and in a snapshot."""

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_CELLS = 200_000_000


def encode_array(array: NDArray[np.int64]) -> dict[str, Any]:
    """An int64 array as ``{"shape": [...], "zlib": base64}``, little-endian."""
    packed = zlib.compress(np.ascontiguousarray(array, dtype="<i8").tobytes(), 6)
    return {"shape": list(array.shape), "zlib": base64.b64encode(packed).decode("ascii")}


def decode_array(stored: dict[str, Any]) -> NDArray[np.int64]:
    """Inverse of `encode_array`; raises ValueError when the bytes do not fill the shape exactly."""
    shape = stored["shape"]
    if not isinstance(shape, list) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise ValueError("stored array: shape must be a list of counts")
    cells = int(np.prod(shape, dtype=object)) if shape else 1
    if cells > MAX_CELLS:
        raise ValueError(f"stored array: {cells} cells are more than {MAX_CELLS}")
    packed = base64.b64decode(stored["zlib"], validate=True)
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(packed, cells * 8 + 1)
    if len(data) != cells * 8 or unpacker.unconsumed_tail:
        raise ValueError("stored array: the bytes do not fill the shape")
    return np.frombuffer(data, dtype="<i8").reshape(shape).astype(np.int64)
