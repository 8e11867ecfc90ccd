"""The linkage unit's side: compares fingerprints, holds neither keys nor plaintext.

Only `matcher.cli`, the one command line for all three kinds of users, also reaches the
society's side. Nothing is imported here, so that a society which needs `matcher.formats`
loads no more than that.
"""
