"""A real server of public keys, as an issuer of tokens runs one."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


class Keys(HTTPServer):
    """Has one key, named `first`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.asked = 0
        self.url = f"http://127.0.0.1:{self.server_port}/certs"

    def document(self):
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return {"keys": [{**public, "kid": "first", "use": "sig", "alg": "RS256"}]}


class _Handler(BaseHTTPRequestHandler):
    server: Keys

    def do_GET(self) -> None:
        self.server.asked += 1
        data = json.dumps(self.server.document()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args) -> None: ...
