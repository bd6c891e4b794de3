"""The whole system from outside: HTTP, mail, the command line and Kafka."""
