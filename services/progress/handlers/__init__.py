"""Use cases: lock the client, decide, record."""
