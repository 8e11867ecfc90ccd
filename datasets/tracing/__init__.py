"""A generated tracing set: requests, a register, and the truth between them.

Whole families are generated first (`families`), then who seeks whom and who is registered
(`cases`), and only then does a clerk on each side write down what he was told (`names_written`,
`dates_written`, `records`): in the script and spelling of the place, with names left out, dates
half known, and slips. The truth says of every pair what happened to it on either side.
"""

from datasets.tracing.generation import TracingSet, generate, with_reciprocal

__all__ = ["TracingSet", "generate", "with_reciprocal"]
