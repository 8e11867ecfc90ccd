"""A study: fingerprints of bands of min-wise hashes, which show who is near and little else."""
