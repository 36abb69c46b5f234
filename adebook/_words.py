"""Words in error messages. Imports nothing heavy, so that every module can ask here."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """ "did you mean 'a' or 'b'?", of the up to three nearest of `known`; "" when none is near."""
    close = difflib.get_close_matches(str(word).lower(), list(known), n=3, cutoff=0.5)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else ""
