"""Choosing profiles: a search over schemes, and the front of what they find and betray."""
