"""Stock: how much there is, how much is held, and whether it covers an order."""
