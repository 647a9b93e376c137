"""Numbers, intervals, sizes and times as text: one way for app, command line and report."""

import re
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

MINUS, NONE = "\N{MINUS SIGN}", "\N{EN DASH}"
# control characters (a terminal obeys them), marks that turn the direction of text or take no room, halves of characters
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_FORMULA = re.compile("[=+\\-@\uff1d\uff0b\uff0d\uff20|%]")
_NUMBER = re.compile("[+-]?[0-9.,]+(e[+-]?[0-9]+)?%?", re.IGNORECASE)


def number(value: float | None, digits: int = 3) -> str:
    """A metric: three decimals, more where it would read as 0, fewer from 1,000 on; an en dash for a missing one."""
    if value is None:
        return NONE
    size = abs(value)
    if size >= 1e6:
        text = f"{value:,.0f}"
    elif size >= 1000:
        text = f"{value:,.1f}"
    elif 0 < size < 0.5 * 10**-digits:
        text = f"{value:.1g}"
    else:
        text = f"{value:.{digits}f}"
    return text.replace("-", MINUS)


def share(value: float | None, digits: int = 1) -> str:
    """A rate in percent, ``1.3%``."""
    if value is None:
        return NONE
    percent = 100 * value
    if 0 < abs(percent) < 0.5 * 10**-digits:
        return f"{percent:.1g}%".replace("-", MINUS)
    return f"{percent:.{digits}f}%".replace("-", MINUS)


def signed(value: float | None, digits: int = 3) -> str:
    """A difference, always with its sign."""
    if value is None:
        return NONE
    return ("+" if value > 0 else "") + number(value, digits)


def count(value: float | None) -> str:
    """A number of things, ``20,000``."""
    return NONE if value is None else f"{value:,.0f}".replace("-", MINUS)


def p_value(value: float | None) -> str:
    """A p-value, ``0.03`` or ``< 0.001``."""
    if value is None:
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def shown(value: float | None, kind: str, digits: int = 3) -> str:
    """A value by the kind of its metric: share, count, signed, else a number."""
    if kind == "share":
        return share(value, max(digits - 2, 1))
    if kind == "count":
        return count(value)
    return signed(value, digits) if kind == "signed" else number(value, digits)


def effect(value: float | None, kind: str, digits: int = 3) -> str:
    """The size of an effect: as `shown`, and never with a plus."""
    return shown(value, "number" if kind == "signed" else kind, digits)


def exact(value: float, kind: str = "number") -> str:
    """A limit as the policy writes it, unrounded: ``0.15``, ``2.5%``."""
    return (f"{100 * value:.10g}%" if kind == "share" else f"{value:.10g}").replace("-", MINUS)


def interval(low: float | None, high: float | None, kind: str = "number", digits: int = 3) -> str:
    """``[0.690, 0.741]``; a bound alone as ``at most 0.02``; empty where there is none."""
    if low is None and high is None:
        return ""
    if low is None:
        return f"at most {shown(high, kind, digits)}"
    if high is None:
        return f"at least {shown(low, kind, digits)}"
    return f"[{shown(low, kind, digits)}, {shown(high, kind, digits)}]"


def digits_apart(
    values: Iterable[float | None], limits: Iterable[float | None], kind: str = "number", most: int = 6
) -> int:
    """Decimals at which values that are not a limit do not read as one, 3 at least: nothing is rounded onto a limit."""
    held = [(v, at) for v, at in product(values, limits) if v is not None and at is not None and v != at]
    for digits in range(3, most):
        if all(shown(v, kind, digits) != shown(at, kind, digits) for v, at in held):
            return digits
    return most


def size(n_bytes: float) -> str:
    """Bytes, base 10."""
    for unit, divisor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= divisor:
            return f"{n_bytes / divisor:.1f} {unit}"
    return f"{n_bytes:.0f} B"


def duration(seconds: float) -> str:
    """``0.4 s``, ``36 s``, ``2 min 10 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def moment(iso: str) -> str:
    """An ISO time as ``2026-11-24 10:34 UTC``."""
    return f"{iso[:10]} {iso[11:16]} UTC" if len(iso) >= 16 else iso


def digest(sha256: str | None) -> str:
    """The first twelve hex digits."""
    return NONE if not sha256 else sha256[:12]


def cut_short(text: str, most: int = 30) -> str:
    """A text of at most so many characters; what is left out shows as an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def visible(text: object) -> str:
    """A text in which nothing acts unseen: each such character shows as a replacement, ends of lines and tabs as a space."""
    return _UNSEEN.sub(lambda found: " " if found.group() in "\t\n\r" else "\N{REPLACEMENT CHARACTER}", str(text))


def cell(text: str) -> str:
    """A text for a table that may be downloaded: a spreadsheet does not take it for a formula."""
    shown = visible(text)
    start = shown.lstrip()
    return f"'{shown}" if _FORMULA.match(start) and not _NUMBER.fullmatch(start) else shown


def cells(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a table, each text as `cell`."""
    return [{k: cell(v) if isinstance(v, str) else v for k, v in row.items()} for row in rows]


def prose(text: str) -> str:
    """A text of our own in which `names` stand in backticks: safe inside Markdown, and names as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return markdown(text)
    return "".join(f"`{part}`" if at % 2 else markdown(part) for at, part in enumerate(parts))


def markdown(text: object) -> str:
    """A name that a user chose, safe inside Markdown: it can neither format, link, colour nor insert an image or icon."""
    special = "\\`*_{}[]()#+-.!|<>~:$&"
    return "".join(f"\\{c}" if c in special else c for c in visible(text))
