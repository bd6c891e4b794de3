"""PostgreSQL, Kafka, a mail inbox and the services as plain local processes."""
