"""Names in, a line each, their uroman romanisation out; run by the measuring tools' own Python."""

import sys

import uroman  # type: ignore[import-not-found]  # a measuring tool, never installed with us

_uroman = uroman.Uroman()
for _line in sys.stdin:
    sys.stdout.write(str(_uroman.romanize_string(_line.rstrip("\n"))) + "\n")
