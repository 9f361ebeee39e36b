"""What anybody may send over HTTP, received within bounds that its sender cannot stretch."""
