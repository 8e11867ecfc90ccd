"""The linkage unit's gates of data protection, and what people decide that they ask for."""
