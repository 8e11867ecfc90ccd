"""A night at size, from the plan to the signature."""
