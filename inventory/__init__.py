"""Stock: how much there is, how much of it is held, and whether it covers an order."""
