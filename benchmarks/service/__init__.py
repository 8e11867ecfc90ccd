"""The service under load: many societies at once, with many candidates held."""
