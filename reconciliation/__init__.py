"""Every hour: settle what Stripe reported and nobody settled, and check that money, stock and the audit trail agree."""
