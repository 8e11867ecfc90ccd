"""What the generator never does and registers do, so that no outcome is taken for impossible."""

import numpy as np
import pandas as pd

_SHARE_MISTYPED = 0.02
_SHARE_OF_ANOTHER = 0.01
_SHARE_NAMELESS = 0.03


def roughened(register: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Do to a few records what the generator never does.

    Given names are left out, birth dates are mistyped or are somebody else's altogether. A date
    that one wrong digit would make none stays as it was.
    """
    rng = np.random.default_rng(seed)
    dates = register["birth_date"].to_numpy().copy()
    others = np.flatnonzero(rng.random(len(dates)) < _SHARE_OF_ANOTHER)
    dates[others] = dates[np.roll(others, 1)]
    whole = np.flatnonzero([len(text) == len("2000-01-01") for text in dates])
    for row in whole[rng.random(len(whole)) < _SHARE_MISTYPED]:
        place, digit = rng.choice([2, 3, 5, 6, 8, 9]), rng.integers(10)
        wrong = f"{dates[row][:place]}{digit}{dates[row][place + 1 :]}"
        if not pd.isna(pd.to_datetime(wrong, format="%Y-%m-%d", errors="coerce")):
            dates[row] = wrong
    blank = rng.random(len(register)) < _SHARE_NAMELESS
    given = register["given_name"].mask(blank, "")
    return register.assign(birth_date=dates, given_name=given)
