"""Refinement: candidates weighed attribute by attribute, from fingerprints made for each alone."""
