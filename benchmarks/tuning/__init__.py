"""Choosing encodings and thresholds from measured accuracy."""
