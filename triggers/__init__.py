"""What starts settling besides Stripe: documents that are created, and the clock."""
