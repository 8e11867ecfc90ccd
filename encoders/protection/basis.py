"""Legal basis: no basis, no fingerprint.

Every record has a basis for its purpose: which, resting on what, decided by whom and until when.
It must be one that the society's law gives for data of this kind and that the agreement accepts,
and where the law asks why, the decision says why.
"""

from typing import Final

from encoders.protection.telling import Entry, Gate, Setting


def basis_present(entry: Entry, _: Setting) -> str | None:
    """Let a person pass who has a legal basis with its source and who decided it."""
    return entry.first_missing("basis", "basis_source", "basis_decided_by")


def basis_current(entry: Entry, setting: Setting) -> str | None:
    """Let a person pass whose basis was decided by today and still holds."""
    late = entry.first_not_past(setting.today, "basis_decided_on")
    until = entry.day("basis_until")
    return late or ("basis_until" if until is None or until < setting.today else None)


def basis_in_law(entry: Entry, setting: Setting) -> str | None:
    """Let a person pass whose basis the law gives for data of this kind."""
    basis = entry.get("basis")
    fits = basis is None or setting.law.gives(basis, sensitive=entry.is_sensitive)
    return None if fits else "basis"


def basis_in_agreement(entry: Entry, setting: Setting) -> str | None:
    """Let a person pass whose basis the agreement accepts."""
    basis = entry.get("basis")
    fits = basis is None or setting.accepted is None or basis in setting.accepted
    return None if fits else "basis"


def basis_individual(entry: Entry, setting: Setting) -> str | None:
    """Let a person pass about whom was decided alone, where the law asks for that."""
    basis = entry.get("basis")
    if basis is None or "basis" not in entry.told.for_many:
        return None
    return None if setting.law.allows_many(basis) else "basis"


def basis_justified(entry: Entry, setting: Setting) -> str | None:
    """Let a person pass whose basis needs no justification, or has one.

    A legitimate interest always needs one: why it is not overridden by the person's own.
    """
    basis = entry.get("basis")
    asks = basis == "legitimate-interest" or (basis is not None and setting.law.asks_why(basis))
    return entry.first_missing("basis_justification") if asks else None


GATES: Final[dict[str, Gate]] = {
    "basis.present": basis_present,
    "basis.current": basis_current,
    "basis.in-law": basis_in_law,
    "basis.in-agreement": basis_in_agreement,
    "basis.individual": basis_individual,
    "basis.justified": basis_justified,
}
"""Its rules, each with its gate."""
