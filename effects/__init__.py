"""What is done outside after a commit: messages and calls to Stripe. At least once, always under the same key."""
