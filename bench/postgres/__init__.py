"""The same job as a team would write it on PostgreSQL: Flask, psycopg, row locks. What the service is measured against.

And what stands in for Firestore and for a Google machine meanwhile. Never deployed: only `bench` and tests import it.
"""
