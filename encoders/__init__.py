"""The society's side: the only code that sees plaintext or encoding keys.

Records come in through `read_records`, are reported on by `check`, become fingerprints in `encode`
and leave as a batch by `write_batch_of`. Of the linkage unit's side this package knows only
`matcher.formats`; import-linter's contracts hold that wall.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
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

if not TYPE_CHECKING:
    _HOMES: Final = {
        "COLUMNS": "records",
        "Encoded": "encoding",
        "Fingerprints": "encoding",
        "Keys": "keys",
        "Mapping": "readers",
        "Reading": "readers",
        "Records": "records",
        "check": "checking",
        "encode": "encoding",
        "name_candidates": "results",
        "read_records": "readers",
        "read_references": "references",
        "write_batch_of": "batching",
    }

    def __getattr__(name: str) -> Any:
        """Load a name's module when it is asked for: who only sends a batch loads no encoding."""
        if name not in _HOMES:
            raise AttributeError(f"module 'encoders' has no attribute '{name}'")
        return getattr(import_module(f"encoders.{_HOMES[name]}"), name)
