"""The society's way to the linkage unit's service: batches there, candidates and requests back."""
