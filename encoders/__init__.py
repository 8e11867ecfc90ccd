"""The society's side: the only code that sees plaintext or encoding keys.

Records come in through `read_records`, are reported on by `check`, become fingerprints in `encode`
and leave as a batch by `write_batch_of`. Of the linkage unit's side this package knows only
`matcher.formats`; import-linter's contracts hold that wall.
"""

from encoders.batching import write_batch_of
from encoders.checking import check
from encoders.encoding import Encoded, Fingerprints, encode
from encoders.keys import Keys
from encoders.readers import Mapping, Reading, read_records
from encoders.records import COLUMNS, Records
from encoders.references import read_references
from encoders.results import name_candidates

__all__ = [
    "COLUMNS",
    "Encoded",
    "Fingerprints",
    "Keys",
    "Mapping",
    "Reading",
    "Records",
    "check",
    "encode",
    "name_candidates",
    "read_records",
    "read_references",
    "write_batch_of",
]
