"""Each collection's documents, in both directions: the domain as fields, and fields as the domain. Pure."""
