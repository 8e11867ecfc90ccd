"""The routes: a module for each kind of thing, each with its `router`."""
