"""The three services; they meet only over Kafka."""
