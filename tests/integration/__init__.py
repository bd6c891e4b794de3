"""Tests on real Postgres and real Kafka."""
