"""What becomes of an order when something happens to it: read, decide, commit, and again if someone was faster."""
