"""Pure tests: no I/O, seconds in all."""
