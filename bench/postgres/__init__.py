"""The same job as a team would write it on PostgreSQL: Flask, psycopg, row locks. What the service is measured against.

Never deployed. Only `bench` and its tests import it.
"""
