"""Generators and loaders of labelled test data; knows nothing of what it measures.

`datasets.febrl.load()` gives FEBRL 4, `datasets.tracing.generate()` a tracing set of any size,
and `datasets.write()` puts their frames into CSV files for the command line to read.
"""

from datasets.files import write

__all__ = ["write"]
