"""What a sample project is, in its own datasheet's words."""

from pathlib import Path


def blurb(folder: Path) -> str:
    """The first paragraph of the datasheet, headings left out; empty without one."""
    try:
        text = (folder / "DATASHEET.md").read_text("utf-8")
    except OSError:
        return ""
    paragraphs = (p.strip() for p in text.split("\n\n"))
    return next((" ".join(p.split()) for p in paragraphs if p and not p.startswith(("#", "|", "-", "```"))), "")
