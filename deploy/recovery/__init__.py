"""Backups of the database, restores to a moment, and the way back to where Kafka is."""
