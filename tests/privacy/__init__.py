"""Proofs that take longer than a test may: `make erasure`."""
