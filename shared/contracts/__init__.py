"""What the services say to each other: events on Kafka, as frozen models."""
