"""`python -m matcher.cli` is `kinmatch`."""

from matcher.cli import main

main()
