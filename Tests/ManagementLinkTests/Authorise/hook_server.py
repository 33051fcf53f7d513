"""Answers the authorise hook's questions as the path says; prints its port, then nothing."""

import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(sys.argv[1])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        signature = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        event = json.loads(body)
        if (
            signature not in self.headers["webhook-signature"].split()
            or self.headers["content-type"] != "application/cloudevents+json"
            or event["id"] != self.headers["webhook-id"]
        ):
            return self.answer(401, {})
        if self.path == "/allow":
            return self.answer(200, {"decision": "allow", "attributes": {"user": event["data"]["user"]["principalName"]}})
        if self.path == "/deny":
            return self.answer(200, {"decision": "deny", "reason": "Only laptops."})
        if self.path == "/large":
            return self.answer(200, {"decision": "allow", "attributes": {"x": "y" * 70000}})
        if self.path == "/moved":
            return self.answer(302, {"decision": "allow"}, ("location", "/allow"))
        if self.path == "/slow":
            time.sleep(20)
            return self.answer(200, {"decision": "allow"})
        if self.path == "/reset":
            self.close_connection = True
            return None
        return self.answer(500, {})

    def answer(self, status, value, *headers):
        octets = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(octets)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        try:
            self.wfile.write(octets)
        except OSError:
            pass

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    # Many connections come at once.
    request_queue_size = 256


server = Server(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
