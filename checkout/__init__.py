"""Checkout sessions that the service opens: who calls, what Stripe is asked for, and how sessions end."""
