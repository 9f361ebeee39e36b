"""Start functions as Google does, and print what each answers.

serve.py SOURCE REQUIREMENTS TARGET:SIGNATURE...

Run with `-IS`: only the standard library and these two folders can be imported.
"""

import json
import sys

source, requirements, *functions = sys.argv[1:]
sys.path[:0] = [source, requirements]

from functions_framework import create_app  # noqa: E402 - it is in `requirements`

# An event about a document with an impossible id: the function reads it, refuses it, and ends.
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
# Follows the functions' log lines.
sys.stdout.write("\n" + json.dumps(answers))
