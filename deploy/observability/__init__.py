"""What watches an installation from outside: alerts, dashboards, how to scrape."""
