"""What an order is, what can happen to it, and what follows. Pure; imports only the standard library."""
