"""The texts of the checks, read from their files without importing them: pages stay light."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKS = Path(__file__).resolve().parents[1] / "checks"
HEADINGS = ("Why it matters", "How it is measured", "What to do", "Sources")


@dataclass(frozen=True, slots=True)
class CheckText:
    """A check's question and its parts by heading, in the order of `HEADINGS`."""

    code: str
    question: str
    parts: dict[str, str]


@cache
def check_texts() -> dict[str, CheckText]:
    """Texts of all checks by code."""
    found = {}
    for path in sorted(CHECKS.glob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        if text and path.name != "__init__.py":
            held = check_text(text)
            found[held.code] = held
    return found


def check_text(docstring: str) -> CheckText:
    """A docstring whose first line is ``CODE: the question?`` and whose headings are underlined with dashes."""
    lines = docstring.strip().splitlines()
    code, _, question = lines[0].partition(":")
    parts: dict[str, list[str]] = {}
    heading = ""
    for line, below in zip(lines[1:], [*lines[2:], ""], strict=True):
        if line.strip() and set(below.strip()) == {"-"}:
            heading = line.strip()
            parts[heading] = []
        elif heading and set(line.strip()) != {"-"}:
            parts[heading].append(line)
    texts = {name: " ".join(" ".join(held).split()) for name, held in parts.items()}
    return CheckText(code.strip(), question.strip(), {name: texts[name] for name in HEADINGS if texts.get(name)})
