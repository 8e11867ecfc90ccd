"""The second stage on a society's side: attribute fingerprints for one candidate only."""
