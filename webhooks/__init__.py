"""The front door: Stripe's signed deliveries in, one honest answer out."""
