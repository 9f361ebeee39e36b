"""What must be true at any moment: one invariant per file. Pure. `reconciliation.registry` lists them."""
