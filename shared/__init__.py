"""What the services have in common: contracts and the kit for Postgres, Kafka and HTTP."""
