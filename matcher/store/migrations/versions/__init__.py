"""The versions, in the order that their numbers say."""
