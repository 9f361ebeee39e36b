"""Checkout sessions that the service opens itself: who asks, what is asked of Stripe, and what becomes of them."""
