"""Notices for customers and operators: written to an outbox in the commit that they report, delivered afterwards."""
