"""The attack lab: what an attacker learns from fingerprints, measured and not argued.

Every attack is re-implemented from its published description on numpy and scipy alone, is a pure
function of arrays and a seed, and first proves itself on undefended filters, so that a zero on
defended ones means something. `lab` runs them at stated sizes against a scheme, `report` writes
what they found for a data-protection officer.
"""
