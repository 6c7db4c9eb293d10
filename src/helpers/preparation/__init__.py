"""Before the sample is drawn: templates, trying files and new layouts of extracts."""
