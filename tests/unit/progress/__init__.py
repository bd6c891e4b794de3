"""Tests of progress's rules."""
