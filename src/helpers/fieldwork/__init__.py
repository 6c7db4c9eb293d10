"""While answers come in: collecting them, the forecast, the effort plan, the hotline, the status page."""
