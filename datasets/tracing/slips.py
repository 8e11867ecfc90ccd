"""Slips of the pen: one letter left out, put in, taken for another, or exchanged for the next."""


def with_slip(text: str, letters: str, kind: float, where: float, letter: float) -> str:
    """Write a text with exactly one slip, so that it always differs from the text.

    Args:
        text: At least one character.
        letters: The letters that a wrong one is taken from; at least two.
        kind: A uniform draw that chooses between the four slips. A letter is left out or
            exchanged only where that changes the text and leaves two letters of it.
        where: A uniform draw that chooses the place.
        letter: A uniform draw that chooses the wrong letter.

    Returns:
        The text with the slip.
    """
    place = int(where * len(text))
    wrong = letters[int(letter * len(letters))]
    if kind < 0.25 and len(text) > 2:
        return text[:place] + text[place + 1 :]
    if kind < 0.5 and place + 1 < len(text) and text[place] != text[place + 1]:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    if kind < 0.75:
        return text[:place] + wrong + text[place:]
    if wrong == text[place].lower():
        wrong = letters[letters.index(wrong) - 1]
    return text[:place] + wrong + text[place + 1 :]
