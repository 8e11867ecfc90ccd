"""Reading what came back: a society's candidates, named by its own record ids again."""

from pathlib import Path

import pandas as pd

from encoders.references import read_references
from matcher.formats.agreement import Agreement
from matcher.formats.candidates import read_candidates
from matcher.formats.files import written_whole
from matcher.formats.vocabulary import BANDS, LEVELS, ROLES


def name_candidates(candidates: Path, references: Path, agreement: Agreement) -> pd.DataFrame:
    """Join a society's candidates with the reference file of its batch.

    Returns:
        Frame of `candidate_id` (hexadecimal), `record_id`, `role`, `other_role` (that of the other
        side's record), `score` (bits), `band` and, for each pass and for `kin`, its level in
        words; in the order of the candidates: best score first.

    Raises:
        InputError: A file can't be read.
        IntegrityError: A file was cut short or altered.
        MismatchError: The files belong to different agreements, or a candidate's reference is not
            in the reference file.
    """
    found = read_candidates(candidates, agreement=agreement)
    known = read_references(references, agreement)
    columns = {
        "candidate_id": [bytes(identifier).hex() for identifier in found.identifiers],
        "record_id": known.record_ids(found.references),
        "role": [ROLES[role] for role in found.roles],
        "other_role": [ROLES[role] for role in found.other_roles],
        "score": found.scores,
        "band": [BANDS[band] for band in found.bands],
    }
    levels = {name: [LEVELS[level] for level in codes] for name, codes in found.levels.items()}
    levels["kin"] = [LEVELS[level] for level in found.kin_levels]
    return pd.DataFrame(columns | levels)


def write_results(named: pd.DataFrame, path: Path) -> None:
    """Write named candidates as CSV, whole or not at all, for their owner alone."""
    with written_whole(path, private=True) as aside:
        named.to_csv(aside, index=False, float_format="%.3f", lineterminator="\n")
