"""From distances to decisions: weight of evidence, bands, roles, selection."""
