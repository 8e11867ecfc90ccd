"""The night: what is new is compared with what is held, and published at once."""
