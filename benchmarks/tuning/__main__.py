"""`python -m benchmarks.tuning SCHEME OUT` measures a published scheme's evidence model.

On the generated tracing set, whose every distortion is known: 20,000 requests against 100,000
registered persons, seed 7. The same scheme gives the same file.
"""

import sys
from pathlib import Path

from benchmarks.peers.sets import generated
from benchmarks.tuning.calibration import calibrate
from benchmarks.tuning.labelled import encoded
from matcher.formats.files import written_whole
from matcher.formats.scheme import Scheme

REQUESTS, REGISTER, SEED = 20_000, 100_000, 7


def main(label: str, out: Path) -> None:
    """Measure the model of a published scheme and write it."""
    scheme = Scheme.published(label)
    model = calibrate(
        scheme,
        [encoded(generated(REQUESTS, REGISTER, SEED), scheme, SEED)],
        f"generated tracing set, {REQUESTS:,} requests, {REGISTER:,} registered, seed {SEED}",
        progress=print,
    )
    with written_whole(out) as aside:
        aside.write_text(model.model_dump_json(indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
