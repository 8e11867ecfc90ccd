"""Names: from what was written to tokens that agree when the person is the same.

- `first` holds the parts and views that `standard/1` published; they never change;
- `pieces` folds and splits a name as written into pieces, script kept; `romanising` gives the
  letters a to z of a piece, `spelling` these and its consonants;
- `sounds` turns a piece into learned units of sound, in which scripts and spellings meet;
- `known` knows names across scripts by their entry in a table;
- `diminutives` knows what people are called for short;
- `frequency` tells how common a name is where it comes from.

`Name` puts them together: one name as written, from which every view is made.
"""

from encoders.names.diminutives import called_for
from encoders.names.first import (
    PARTICLES,
    bigrams,
    parts,
    phonetic,
    skeleton,
    skeleton_pairs,
    without_optional_marks,
)
from encoders.names.known import lexicon
from encoders.names.name import Name
from encoders.names.pieces import PLAIN_WORDS, pieces_of_word
from encoders.names.romanising import romanised
from encoders.names.sounds import sound_model
from encoders.names.spelling import Spelling

__all__ = [
    "PARTICLES",
    "PLAIN_WORDS",
    "Name",
    "Spelling",
    "bigrams",
    "called_for",
    "lexicon",
    "parts",
    "phonetic",
    "pieces_of_word",
    "romanised",
    "skeleton",
    "skeleton_pairs",
    "sound_model",
    "without_optional_marks",
]
