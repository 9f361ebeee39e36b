"""What customers are told: written into an outbox together with the change it tells of, delivered later."""
