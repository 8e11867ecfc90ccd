"""Wording that does not bind: what it leaves open could be anything.

After the examples of UNHCR's technical note on sharing personal protection data (2020) for what
does not specify a purpose. Words are looked for in English alone: no text in another language is
refused for them.
"""

from typing import Final

TOO_BROAD: Final = (
    "international protection", "fulfilment of the mandate", "fulfillment of the mandate",
    "protection purposes", "humanitarian purposes", "any purpose", "other purposes",
    "as appropriate",
)  # fmt: skip
"""Phrases that say no purpose."""

TOO_VAGUE: Final = frozenset({"any", "may", "might", "possible", "possibly", "some", "various"})
"""Words that leave open whether there is a benefit, or who sees what."""


def is_loose(text: str) -> bool:
    """Tell whether a text is too broad or too vague to say what is done for whom."""
    folded = " ".join(text.casefold().split())
    words = set("".join(letter if letter.isalpha() else " " for letter in folded).split())
    return bool(words & TOO_VAGUE) or any(phrase in folded for phrase in TOO_BROAD)
