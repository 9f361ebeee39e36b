"""Replaces the Firebase tools: listens where firebase.json says and prints what they print, at once.

With DOUBLE_SAYS in its environment, it prints that and ends. Asked to export, it writes its own arguments into that
folder.
"""

import http.server
import json
import os
import re
import socket
import sys
import threading
from pathlib import Path

CONFIG = json.loads(Path("firebase.json").read_text())
ROOT = Path(CONFIG["functions"]["source"])


class Functions(http.server.BaseHTTPRequestHandler):
    """Every declared function is loaded."""

    def do_GET(self) -> None:
        endpoints = (ROOT / "functions.yaml").read_text().partition("endpoints:\n")[2]
        declared = re.findall(r"(?m)^  (\w+):$", endpoints)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(
            json.dumps({"backends": [{"functionTriggers": [{"name": name} for name in declared]}]}).encode()
        )


class Hub(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        folder = Path(asked["path"])
        folder.mkdir(exist_ok=True)
        (folder / "started_with").write_text("\n".join(sys.argv))
        self.send_response(200 if self.path == "/_admin/export" else 404)
        self.end_headers()


def main() -> None:
    if said := os.environ.get("DOUBLE_SAYS"):
        sys.exit(said)
    emulators = CONFIG["emulators"]
    ports = {name: emulators[name]["port"] for name in ("logging", "eventarc", "tasks", "auth", "firestore")}
    listeners = []
    for name, port in {**ports, "websocket": emulators["firestore"]["websocketPort"]}.items():
        try:
            listeners.append(socket.create_server(("127.0.0.1", port)))
        except OSError:
            sys.exit(f"Could not start {name}, port taken.")
    try:
        hub = http.server.HTTPServer(("127.0.0.1", emulators["hub"]["port"]), Hub)
    except OSError:
        sys.exit("Could not start hub, port taken.")
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    with http.server.HTTPServer(("127.0.0.1", emulators["functions"]["port"]), Functions) as functions:
        Path("firestore-debug.log").write_text("Dev App Server is now running.\n")
        sys.stdout.write("All emulators ready!\n")
        sys.stdout.flush()
        functions.serve_forever()


if __name__ == "__main__":
    main()
