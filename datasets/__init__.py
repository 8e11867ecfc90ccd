"""Generators and loaders of labelled test data; knows nothing of what it measures."""
