"""The heart: what an order is, what can happen to it, and what follows. Pure; knows only the standard library."""
