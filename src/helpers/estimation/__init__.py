"""Sample and answers → design weights, calibration, estimates with errors, comparisons, trends and models.

The statistics of the survey. Nothing here prints, and nothing here decides what may be shown.
"""
