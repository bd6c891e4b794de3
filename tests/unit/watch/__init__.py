"""What operators read: documented metrics, alerts, runbooks, dashboards."""
