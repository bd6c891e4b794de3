"""Released events still parse: what is on the topics today must be readable tomorrow."""
