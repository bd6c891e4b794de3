"""Progress on a real database."""
