"""Tests of booking on real servers."""
