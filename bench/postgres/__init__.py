"""The same job as a team would write it on PostgreSQL (Flask, psycopg, row locks), to compare the service with.

Also the stand-ins for Firestore and a Google machine that the comparison needs. Never deployed: only `bench` and tests
import it.
"""
