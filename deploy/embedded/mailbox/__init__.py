"""A local inbox: takes any mail over SMTP, keeps it, and shows it on a page."""
