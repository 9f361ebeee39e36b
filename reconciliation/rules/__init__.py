"""What must be true at any moment: one invariant a file. Pure. `reconciliation.registry` lists them."""
