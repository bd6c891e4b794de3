"""Tells people: the right words, once, at the right hour."""
