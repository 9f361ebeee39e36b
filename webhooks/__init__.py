"""The entry point for Stripe: its signed deliveries in, one honest answer out."""
