"""Replaces the stand-in for Stripe: listens where told, reports that, and answers nothing."""

import socket
import sys
import threading

from tools.stripe_stand_in.process import READY

PORT = int(sys.argv[1].removeprefix("--port="))


def main() -> None:
    try:
        listener = socket.create_server(("127.0.0.1", PORT))
    except OSError:
        sys.exit("Could not start, port taken.")
    with listener:
        sys.stdout.write(f"{READY}http://127.0.0.1:{PORT}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
