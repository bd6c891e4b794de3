"""Tests of what runs Limber outside of the embedded stack."""
