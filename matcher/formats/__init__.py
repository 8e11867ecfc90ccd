"""What both sides of the wall know: agreement, scheme and batch, their errors, their files."""
