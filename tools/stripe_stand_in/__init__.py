"""Stands in for Stripe's API where there is no Stripe: keeps what is created, and sends the webhooks itself.

It runs as a process of its own beside the emulators; tests and the demo drive it by `tools.stripe_stand_in.control`. It
is as strict as Stripe's documentation (https://docs.stripe.com/api) and the parameter types of Stripe's own library,
which Stripe generates from its OpenAPI specification.
"""
