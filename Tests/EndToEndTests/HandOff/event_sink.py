"""Takes webhooks: judges each signature, writes down what it took, and answers as a file says.

arguments: FOLDER PORT. In FOLDER: cert.pem and key.pem; `secrets`, one base64 key per line; `behavior`, a status, or
`late` (takes the event and answers when the sender has given up), `reset` (takes it and cuts the connection).
Writes `events.jsonl`, a line for each event that it took, before it answers.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import ssl
import sys
import threading
import time

folder, port = sys.argv[1], int(sys.argv[2])
os.chdir(folder)
threading.Timer(900, lambda: os._exit(3)).start()
lock = threading.Lock()


def text(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def signer(headers, body):
    """The number of the secret that signed it; -1 for none."""
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    given = [word.split(",", 1)[1] for word in headers["webhook-signature"].split() if word.startswith("v1,")]
    for number, secret in enumerate(text("secrets").split()):
        expected = base64.b64encode(hmac.new(base64.b64decode(secret), signed, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(expected, word) for word in given):
            return number
    return -1


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.connection.setsockopt(6, 1, 1)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        behavior = text("behavior").strip()
        secret = signer(self.headers, body)
        if secret < 0:
            return self.answer(401)
        if behavior in ("200", "late", "reset"):
            event = json.loads(body)
            data = event["data"]
            line = {
                "id": event["id"],
                "header": self.headers["webhook-id"],
                "type": event["type"],
                "subject": event.get("subject"),
                "generation": data.get("generation"),
                "serial": (data.get("certificate") or {}).get("serialNumber"),
                "secret": secret,
                "sender": self.headers["User-Agent"],
            }
            with lock, open("events.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
                file.flush()
        if behavior == "late":
            time.sleep(4)
        if behavior == "reset":
            self.close_connection = True
            return self.connection.close()
        self.answer(200 if behavior == "late" else int(behavior))

    def answer(self, status):
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "https://localhost/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server = Server(("127.0.0.1", port), Sink)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
open("ready", "w", encoding="utf-8").close()
server.serve_forever()
