"""`survey`: the commands. Reads arguments and tells results; decides nothing."""
