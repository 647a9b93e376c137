"""What calling a model cost: latency of single rows, throughput of batches, memory of its process.

Times differ between equal runs, so they stand under `run` in results.json and are not judged; STR107 measures them where a policy asks.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 100


def usage_of(calls: Sequence[tuple[int, float]], pid: int | None, *, cold_start: float | None = None) -> dict[str, Any]:
    """Figures out of the calls, (rows, seconds) each, the way to the process and back included.

    `single_row_ms` holds the 50th, 95th and 99th percentile of the calls with one row (the smallest time that so many do not
    exceed); `rows_per_second` counts calls of 100 rows or more; `peak_memory_mb` is the largest resident memory of the process,
    as Linux tells it; `cold_start_ms` the time from starting a fresh process until the model is loaded in it. What was not
    measured is None.
    """
    single = np.sort([1000 * s for rows, s in calls if rows == 1])
    large = [(rows, s) for rows, s in calls if rows >= BATCH]
    seconds = sum(s for _, s in large)
    quantiles = {p: single[int(np.ceil(p / 100 * len(single))) - 1] for p in (50, 95, 99)} if len(single) else {}
    return {
        "calls": len(calls),
        "rows": sum(rows for rows, _ in calls),
        "single_row_calls": len(single),
        "single_row_ms": {f"p{p}": round(float(v), 3) for p, v in quantiles.items()} or None,
        "rows_per_second": round(sum(rows for rows, _ in large) / seconds) if seconds > 0 else None,
        "peak_memory_mb": peak_memory_mb(pid),
        "cold_start_ms": None if cold_start is None else round(1000 * cold_start, 1),
    }


def peak_memory_mb(pid: int | None) -> float | None:
    """Largest resident memory of a process so far, in MB; None where the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return None
    found = [line.split()[1] for line in text.splitlines() if line.startswith("VmHWM:")]
    return round(int(found[0]) / 1024, 1) if found else None
