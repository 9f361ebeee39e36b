"""Notices for customers and operators: written into an outbox with the change that they report, delivered later."""
