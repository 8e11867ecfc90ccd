"""The exposure meter: what a set of fingerprints gives away to who holds it, keys unknown.

`measure` looks at any fingerprints, pass by pass and all passes together, and says what they give
away at their own number and at another; `measure_batches` does so for the batches of a society.
`check_exposure` is the gate: it refuses a batch with which the linkage unit would hold more than
the agreement's ceilings allow.
"""

from matcher.exposure.batches import beyond_ceilings, check_exposure, measurable, measure_batches
from matcher.exposure.bits import BitFigures
from matcher.exposure.degree import Degree
from matcher.exposure.evidence import Evidence
from matcher.exposure.meter import Exposure, Report, measure

__all__ = [
    "BitFigures",
    "Degree",
    "Evidence",
    "Exposure",
    "Report",
    "beyond_ceilings",
    "check_exposure",
    "measurable",
    "measure",
    "measure_batches",
]
