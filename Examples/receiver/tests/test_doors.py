import contextlib
import http.client
import http.server
import json
import pathlib
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

from . import example
import standard_webhooks
import syncml

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PROGRAM = str(pathlib.Path(__file__).resolve().parent.parent / "receiver.py")
MAKING = """
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout root.key -out root.pem -subj /CN=Root \
    -days 2 -addext keyUsage=critical,keyCertSign
for name in server device; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout $name.key -out $name.pem -subj /CN=$name \
        -days 2 -CA root.pem -CAkey root.key -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost
done
"""


class GatehouseDoor(http.server.BaseHTTPRequestHandler):
    """The admin interface, as far as a receiver asks it."""

    def log_message(self, *_):
        pass

    def _answer(self, document, status=200):
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization")))
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path.startswith("/api/v1/events?"):
            if "after=0&" in self.path:
                return self._answer({"type": "urn:gatehouse:problem:cursor-gone", "after": "6"}, 410)
            events = [] if "after=" in self.path else [example.event()]
            return self._answer({"events": events, "next": "7"})
        self._answer({"identity": "current", "device": {"id": example.DEVICE}})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"schema": "gatehouse.contact-report/1", "device": example.DEVICE, "first": True})


class DoorTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        subprocess.run(["bash", "-ec", MAKING], cwd=self.folder, check=True, capture_output=True)
        (self.folder / "token").write_text("ght_x_y\n")
        (self.folder / "secrets").write_text(f"whsec_AAAA\n{SECRET}\n")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.path("server.pem"), self.path("server.key"))
        self.gatehouse = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GatehouseDoor)
        self.gatehouse.asked = []
        self.gatehouse.socket = tls.wrap_socket(self.gatehouse.socket, server_side=True)
        threading.Thread(target=self.gatehouse.serve_forever, daemon=True).start()
        self.addCleanup(self.gatehouse.server_close)
        self.addCleanup(self.gatehouse.shutdown)

    def path(self, name):
        return str(self.folder / name)

    def link(self):
        return ["--store", self.path("inbox.db"), "--gatehouse",
                f"https://localhost:{self.gatehouse.server_address[1]}", "--gatehouse-at", "127.0.0.1", "--gatehouse-ca",
                self.path("root.pem"), "--token", self.path("token")]

    def serve(self, *more):
        process = subprocess.Popen(
            [sys.executable, "-B", PROGRAM, "serve", "--certificate", self.path("server.pem"), "--key",
             self.path("server.key"), "--device-roots", self.path("root.pem"), "--secrets", self.path("secrets"),
             *self.link(), *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.terminate)
        self.port = int(process.stdout.readline())
        return process

    def post(self, path, body, headers=None, certificate=None):
        tls = ssl.create_default_context(cafile=self.path("root.pem"))
        if certificate:
            tls.load_cert_chain(self.path(f"{certificate}.pem"), self.path(f"{certificate}.key"))
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=10, context=tls)
        self.addCleanup(connection.close)
        connection.request("POST", path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read()

    def show(self):
        shown = subprocess.run([sys.executable, "-B", PROGRAM, "show", "--store", self.path("inbox.db")], check=True,
                               capture_output=True, timeout=10)
        return json.loads(shown.stdout)

    def message(self):
        return (f'<SyncML xmlns="{syncml.NAMESPACE}"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
                "<SessionID>1</SessionID><MsgID>1</MsgID><Target><LocURI>https://mdm</LocURI></Target><Source><LocURI>"
                "0123456789ABCDEF</LocURI></Source></SyncHdr><SyncBody><Final/></SyncBody></SyncML>")

    def test_the_doors_open_for_whom_they_are_and_stay_shut_for_others(self):
        process = self.serve()
        body = json.dumps(example.event()).encode()
        signed = standard_webhooks.sign(SECRET, example.event()["id"], body)
        self.assertEqual(self.post("/events", body, signed)[0], 204)
        self.assertEqual(self.post("/events", body)[0], 401)
        self.assertEqual(self.post("/elsewhere", b"")[0], 404)
        self.assertEqual(self.post("/events", b"x", {"Content-Length": str((1 << 20) + 1)})[0], 413)
        self.assertEqual(self.post("/omadm", self.message())[0], 403)
        status, kind, answer = self.post("/omadm?mode=Maintenance", self.message(), certificate="device")
        self.assertEqual((status, kind), (200, syncml.CONTENT_TYPE))
        self.assertIn(b"<Get>", answer)
        question = json.dumps({"data": {"user": {"principalName": "kim@corp.example"}}}).encode()
        status, _, answer = self.post("/authorise", question, standard_webhooks.sign(SECRET, "q", question))
        self.assertEqual((status, json.loads(answer)["decision"]), (200, "allow"))
        asked = [(method, path.rpartition("/")[2]) for method, path, _ in self.gatehouse.asked]
        self.assertEqual(asked[-1], ("POST", "contact"))
        self.assertEqual({token for _, _, token in self.gatehouse.asked}, {"Bearer ght_x_y"})
        process.terminate()
        self.assertEqual(process.wait(10), 0)
        device = self.show()["devices"][0]
        self.assertEqual((device["standing"], device["contact"]), ("managed", "confirmed"))

    def test_the_feed_is_read_once_or_followed(self):
        for expected in ("1 new event\n", "0 new events\n"):
            pulled = subprocess.run([sys.executable, "-B", PROGRAM, "pull", *self.link()], check=True, capture_output=True,
                                    timeout=10, text=True)
            self.assertEqual(pulled.stdout, expected)
        self.assertEqual(self.show()["events"][0]["cameBy"], "pull")
        with contextlib.closing(sqlite3.connect(self.path("inbox.db"))) as store, store:
            store.execute("UPDATE cursor SET after = '0'")
        pulled = subprocess.run([sys.executable, "-B", PROGRAM, "pull", *self.link()], check=True, capture_output=True,
                                timeout=10, text=True)
        self.assertIn("between 0 and 6", pulled.stderr)
        self.serve("--pull")
        self.assertEqual(self.post("/omadm", self.message(), certificate="device")[0], 200)


if __name__ == "__main__":
    unittest.main()
