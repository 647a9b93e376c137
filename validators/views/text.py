"""A run as lines of text, for terminals and logs."""

from collections.abc import Iterator

from . import fmt
from .reading import Document, families, left_out, results, verdict_of
from .sentences import overall_sentence, project_sentence, result_sentence
from .words import FAMILIES, OVERALL, VERDICTS


def summary_lines(document: Document) -> Iterator[str]:
    """Verdict, then every check with the number that its verdict rests on, the worst family first; a terminal has nothing to obey in it."""
    yield from map(fmt.visible, _lines(document))


def _lines(document: Document) -> Iterator[str]:
    yield project_sentence(document)
    yield f"{OVERALL[document['verdict']].word.upper()}: {overall_sentence(document)}"
    for family in families(document):
        yield ""
        yield FAMILIES[family].title
        for result in results(document, family):
            word = VERDICTS[verdict_of(result)].word
            need = "" if result["required"] else " (advisory)"
            yield f"  {word:<13}{result['check']} {result['title']}{need}"
            sentence = result_sentence(result).removeprefix("Not run: ")
            yield f"  {'':<13}{sentence}"
    skipped = left_out(document)
    if skipped:
        yield ""
        by_reason: dict[str, list[str]] = {}
        for s in skipped:
            by_reason.setdefault(s["why"], []).append(s["what"])
        yield "Not tested: " + "; ".join(f"{', '.join(what)} ({why})" for why, what in by_reason.items())
    run = document.get("run", {})
    if "seconds" in run:
        yield ""
        yield f"{fmt.duration(run['seconds'])}, run {run['id']}"
