"""HTTP in: staff who look after messages and webhooks, and the reports of providers."""
