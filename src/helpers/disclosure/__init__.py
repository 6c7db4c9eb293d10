"""All estimates of a round → what may be printed: primary and secondary suppression, attribute disclosure, the
audit by code of its own, and releases made jointly with what has left the house.

The only door to print. No product may be made here.
"""
