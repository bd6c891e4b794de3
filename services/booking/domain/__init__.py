"""Rules of booking: pure functions."""
