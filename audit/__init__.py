"""The audit trail: one entry for every cause, written in the commit that it describes, and read back as a story."""
