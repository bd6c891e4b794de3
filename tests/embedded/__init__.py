"""Tests of the embedded stack and the `limber` command."""
