"""Stock: how much there is, how much is held, and who may have it."""
