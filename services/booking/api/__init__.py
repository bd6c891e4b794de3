"""HTTP in: parse, hand over, answer."""
