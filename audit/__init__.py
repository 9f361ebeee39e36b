"""The audit trail: one entry for every cause that was settled, written in the commit it describes."""
