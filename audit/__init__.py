"""The audit trail: one entry for every settled cause, written in the commit it describes."""
