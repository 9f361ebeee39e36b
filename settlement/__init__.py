"""The only writer of orders, inventory, claims and audit: read, plan, one commit, and again if someone was faster."""
