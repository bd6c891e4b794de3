"""Promises tried on many random cases; `make prove` tries them all."""
