"""One module per collection, in both directions: domain objects to fields, and fields to domain objects. Pure."""
