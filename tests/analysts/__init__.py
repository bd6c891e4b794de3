"""The page for analysts, tried as an analyst does: its commands, on a running stack."""
