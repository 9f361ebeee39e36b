"""The parts of `make doctor`: what is seen of Google, Stripe and the webhook, and what is wrong with that."""
