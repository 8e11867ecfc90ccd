"""How fast records become fingerprints, how much memory that takes, and clkhash beside it."""
