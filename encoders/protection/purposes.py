"""Purpose: a specific benefit to this person, said so that it binds.

Looked at once for the whole file.
"""

from datetime import date
from typing import Final

from encoders.protection.intake import Purpose
from encoders.protection.minimum import ELEMENTS
from matcher.formats.agreement import Agreement
from matcher.formats.rulebook import refuse
from matcher.formats.wording import is_loose

_SHORTEST_BENEFIT: Final = 20


def purpose_specific(purpose: Purpose, today: date) -> None:
    """Let a purpose pass that says service, benefit, period, recipients and data elements.

    Raises:
        GateError: Something is not said, the period is over, or an element is no field.
    """
    gaps = [
        name
        for name, is_said in (
            ("name", purpose.name.strip()),
            ("service", purpose.service.strip()),
            ("benefit", len(purpose.benefit.strip()) >= _SHORTEST_BENEFIT),
            ("benefits", purpose.benefits),
            ("last_day", purpose.last_day is not None and purpose.last_day >= today),
            ("recipients", purpose.recipients and all(map(str.strip, purpose.recipients))),
            ("elements", purpose.elements and set(purpose.elements) <= set(ELEMENTS)),
        )
        if not is_said
    ]
    if gaps:
        raise refuse("purpose.specific", f"Not said, or not in full: {', '.join(gaps)}.")


def purpose_worded(purpose: Purpose) -> None:
    """Let a purpose pass whose words bind.

    Raises:
        GateError: A text is too broad, or leaves open what it says.
    """
    texts = {
        "service": purpose.service,
        "benefit": purpose.benefit,
        "recipients": "; ".join(purpose.recipients),
    }
    loose = [name for name, text in texts.items() if is_loose(text)]
    if loose:
        raise refuse("purpose.worded", f"Too broad, or left open: {', '.join(loose)}.")


def purpose_direct(purpose: Purpose) -> None:
    """Let a purpose pass that benefits the person whose record it is.

    Raises:
        GateError: It benefits others.
    """
    if purpose.benefits == "others":
        raise refuse("purpose.direct", "The intake file says that it benefits others.")


def purpose_agreed(purpose: Purpose, agreement: Agreement) -> None:
    """Let a purpose pass that the agreement has.

    Raises:
        GateError: The agreement has no purpose of this name.
    """
    if purpose.name not in agreement.purposes:
        raise refuse(
            "purpose.agreed", f"The agreement's purposes are {', '.join(agreement.purposes)}."
        )
