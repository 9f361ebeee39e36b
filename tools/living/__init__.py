"""A shop that lives: it has a past, and something happens in it every few seconds."""
