"""Tests of booking's rules."""
