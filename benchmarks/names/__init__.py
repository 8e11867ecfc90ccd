"""How well names survive a border: retrieval across scripts, labelled pairs, speed."""
