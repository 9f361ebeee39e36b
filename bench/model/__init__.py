"""A model of one hot product on Firestore: the service's own code, in virtual time.

What it cannot say: no figure here is Firestore's. How long a commit keeps a document to itself is an assumption, for
which four values are tried; so are the times of a read and of the network, and after how long a wait is ABORTED. Locks
are exclusive and first come, first served. Nothing ever breaks, every instance is warm, and the load is as even as
chance makes it. There is no ramp, no split of a key range and no tail of an index.

What it can say: which of several ways to write the same figures waits less for the same locks. Believe the ratios, and
those only as far as the assumptions.
"""
