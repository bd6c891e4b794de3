"""Which message goes to whom, when, and whether it is still true: pure rules."""
