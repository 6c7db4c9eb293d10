"""A folder that may leave the house → the personal data in it, in every file kind."""
