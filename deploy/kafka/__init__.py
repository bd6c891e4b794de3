"""Who may reach Kafka: certificates, names and passwords, and what each may do."""
