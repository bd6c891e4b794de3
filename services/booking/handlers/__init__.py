"""Use cases: lock, decide, record."""
