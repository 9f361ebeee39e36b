"""The operators' command line, `./shop`: shows what the service knows and decided, and decides nothing itself."""
