"""A proxy that adds TLS to a plain HTTP server and replaces the access token, as a process of its own.

    python -m bench.postgres.tls_in_front HOST:PORT CERTIFICATE

So the service reaches the emulator as it reaches Firestore: over TLS, with an access token, which the proxy replaces by
the emulator's owner token. The certificate's file also holds its key. The port is printed once it listens.
"""

import select
import socket
import ssl
import sys
import threading
from typing import Final

TOKEN: Final = f"stand-in.{'t' * 1_015}"
"""As long as Google's, which have up to 2,048 bytes: https://cloud.google.com/docs/authentication/token-types."""
_OWNER: Final = b"owner"
# At least a TLS record, so that a record is never split between two reads.
_BYTES_MAX: Final = 65_536


def main(upstream: str, certificate: str) -> None:
    host, _, port = upstream.rpartition(":")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with socket.create_server(("localhost", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve, args=(client, tls, (host, int(port))), daemon=True).start()


def _serve(client: socket.socket, tls: ssl.SSLContext, upstream: tuple[str, int]) -> None:
    """Until either side closes the connection."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with tls.wrap_socket(client, server_side=True) as service, socket.create_connection(upstream) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            readable, _, _ = select.select([service, server], [], [])
            if service in readable:
                request = service.recv(_BYTES_MAX)
                if not request:
                    return
                # A request begins a new record, which holds the token in its head.
                server.sendall(request.replace(TOKEN.encode(), _OWNER))
            if server in readable:
                answer = server.recv(_BYTES_MAX)
                if not answer:
                    return
                service.sendall(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
