"""What customers see of the stock."""
