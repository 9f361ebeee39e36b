"""Stands in for Stripe's API where there is no Stripe: it keeps what was created, and sends the webhooks itself.

A process of its own beside the emulators; `tools.stripe_stand_in.control` is how tests and the demo move it. It is as
strict as Stripe's documentation, and as the parameters of Stripe's own library, which Stripe generates from its OpenAPI
specification: https://docs.stripe.com/api.
"""
