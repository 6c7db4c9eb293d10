"""What can be wrong with what comes in, each kind once, in English and in Danish.

Uses `common`. How a fault is found stands where it is looked for, not here.
"""
