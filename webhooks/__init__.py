"""The entry point for Stripe's signed deliveries."""
