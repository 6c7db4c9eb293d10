"""What every part may use: words that all share, errors, paths, files and locks, quoting, text, dates, colours.

Nothing here knows the survey's rules, and nothing here may use another package.
"""
