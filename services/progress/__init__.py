"""What happens to the client: check-ins, safety, progress."""
