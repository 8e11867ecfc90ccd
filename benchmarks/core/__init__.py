"""How fast the scoring core is: beside its peers, and beside what the processor can do.

`make bench-core` runs everything in one process and writes `benchmarks/results/core.json` and a
table. The peers live in an environment of their own; the package depends on none of them.
"""
