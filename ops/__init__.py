"""The operators' command line, `./shop`: it shows what the service knows and decided, and decides nothing itself."""
