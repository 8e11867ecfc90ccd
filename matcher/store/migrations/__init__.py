"""Alembic's scripts: one file a version, each with the way up and the way down."""
