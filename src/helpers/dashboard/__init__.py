"""Released numbers → `dashboard.html`, one file that works offline."""
