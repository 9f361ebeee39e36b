"""The parts of `make doctor`: what it sees at Google, Stripe and the webhook, and what is wrong with that."""
