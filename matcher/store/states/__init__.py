"""The states that things are in, and every way from one to another: one table a module."""
