"""An enrollment server for the simulator's tests: golden answers, certificates by the openssl command."""

import base64
import hashlib
import http.server
import os
import re
import ssl
import subprocess
import sys
import threading

folder, message_id, behavior = sys.argv[1:4]
threading.Timer(120, lambda: os._exit(3)).start()
os.chdir(folder)
lock = threading.Lock()
enrolled = []


def golden(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def issue(request):
    """Certificate, DER, for the key of a PKCS #10 request in DER."""
    with lock:
        with open("incoming.der", "wb") as file:
            file.write(request)
        verdict = subprocess.run(
            "openssl req -inform DER -in incoming.der -noout -verify".split(), check=True, capture_output=True)
        assert b"verify OK" in verdict.stderr + verdict.stdout
        return subprocess.run(
            "openssl x509 -req -inform DER -in incoming.der -CA issuer.pem -CAkey issuer.key -days 365 -outform DER"
            " -subj /CN=device -extfile extensions.cnf".split(), check=True, capture_output=True).stdout


class Enrollment(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, text, status=200, kind="application/soap+xml; charset=utf-8"):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        peer = self.connection.getpeercert()
        if peer:
            self.send_header("Gatehouse-Client-Certificate", "verified " + peer["serialNumber"])
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer("", kind="text/html")

    def do_POST(self):
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        related = re.search("<a:MessageID>([^<]*)<", request).group(1)
        if "/IDiscoveryService/Discover<" in request:
            reply = golden("discovery.xml").replace(
                "mdm.example.test", f"enterpriseenrollment.example.test:{self.server.server_address[1]}")
            return self.answer(reply.replace(message_id, related))
        user = re.search("<wsse:Username>([^<]*)<", request).group(1)
        password = re.search("<wsse:Password[^>]*>([^<]*)<", request).group(1)
        if password != "right":
            fault = golden("fault.xml").replace("s:Authorization", "s:Authentication")
            fault = fault.replace("<ErrorType>DeviceCapReached</ErrorType>", "")
            return self.answer(fault.replace(message_id, related), 500)
        if "/IPolicy/GetPolicies<" in request:
            return self.answer(golden("policy.xml").replace(message_id, related))
        if behavior == "refusing" and user in enrolled:
            return self.answer(golden("fault.xml").replace(message_id, related), 500)
        enrolled.append(user)
        certificate = issue(base64.b64decode(re.search("<wsse:BinarySecurityToken[^>]*>([^<]*)<", request).group(1)))
        document = golden("document.xml")
        document = document.replace(hashlib.sha1(b"leaf").hexdigest().upper(),
                                    hashlib.sha1(certificate).hexdigest().upper())
        document = document.replace(base64.b64encode(b"leaf").decode(), base64.b64encode(certificate).decode())
        if behavior == "lax":
            document = re.sub('<parm name="AAUTHDATA"[^>]*>', "", document)
        token = golden("token.xml").replace("PGE+PC9hPg==", base64.b64encode(document.encode()).decode())
        self.answer(token.replace(message_id, related))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Enrollment)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
context.load_verify_locations("root.pem")
context.verify_mode = ssl.CERT_OPTIONAL
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
