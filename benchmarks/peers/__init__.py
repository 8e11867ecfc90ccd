"""What plaintext linkage finds in the same sets, and what hardening costs."""
