"""A shop with a past, in which something happens every few seconds."""
