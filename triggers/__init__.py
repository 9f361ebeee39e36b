"""What starts settling besides Stripe: created documents, and the clock."""
