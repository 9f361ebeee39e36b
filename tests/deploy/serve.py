"""Starts functions as Google does, and prints what each answers.

    serve.py SOURCE REQUIREMENTS TARGET:SIGNATURE...

Run with `-IS`: nothing can be imported but the standard library and what these two folders hold.
"""

import json
import sys

source, requirements, *functions = sys.argv[1:]
sys.path[:0] = [source, requirements]

from functions_framework import create_app  # noqa: E402 - it is in `requirements`

# An event of a document under an id that nothing can have: it is read, refused, and done with.
EVENT = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-type": "google.cloud.firestore.document.v1.created",
    "ce-source": "//firestore.googleapis.com/projects/p",
    "ce-document": "__no__",
    "content-type": "application/protobuf",
}

answers = {}
for function in functions:
    target, _, signature = function.partition(":")
    client = create_app(target, f"{source}/main.py", signature).test_client()  # type: ignore[no-untyped-call]
    is_event = signature == "cloudevent"
    answer = client.post("/", headers=EVENT) if is_event else client.get("/")
    answers[target] = [answer.status_code, answer.get_data(as_text=True)]
# After the lines that the functions have logged.
sys.stdout.write("\n" + json.dumps(answers))
