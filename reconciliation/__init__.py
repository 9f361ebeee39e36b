"""Every hour: what Stripe reported and nobody settled, and whether money, stock and the trail still agree."""
