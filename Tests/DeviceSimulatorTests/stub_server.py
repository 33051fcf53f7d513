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
threading.Timer(900, lambda: os._exit(3)).start()
os.chdir(folder)
lock = threading.Lock()
enrolled = []
# By DeviceID: digests of the certificates that count, the one in use first, and digests of all keys ever certified.
devices = {}
keys = set()


class Refused(Exception):
    pass


def digest(octets):
    return hashlib.sha256(octets).hexdigest()


def golden(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def write(name, octets):
    with open(name, "wb") as file:
        file.write(octets)


def openssl(command):
    return subprocess.run(["openssl"] + command.split(), check=True, capture_output=True)


def issue(request, device):
    """Certificate, DER, for the key of a PKCS #10 request in DER."""
    with lock:
        write("incoming.der", request)
        keys.add(digest(openssl("req -inform DER -in incoming.der -noout -pubkey").stdout))
        verdict = subprocess.run(
            "openssl req -inform DER -in incoming.der -noout -verify".split(), check=True, capture_output=True)
        assert b"verify OK" in verdict.stderr + verdict.stdout
        certificate = subprocess.run(
            "openssl x509 -req -inform DER -in incoming.der -CA issuer.pem -CAkey issuer.key -days 365 -outform DER"
            " -subj /CN=device -extfile extensions.cnf".split(), check=True, capture_output=True).stdout
        devices.setdefault(device, []).append(digest(certificate))
        return certificate


def nodes(octets):
    """The elements of a DER value: tag, content, and the element itself."""
    while octets:
        head, length = 2, octets[1]
        if length > 0x80:
            head = 2 + length - 0x80
            length = int.from_bytes(octets[2:head], "big")
        yield octets[0], octets[head:head + length], octets[:head + length]
        octets = octets[head + length:]


def renewed_request(request, peer, device, manual):
    """The inner request of a renewal that may be granted, DER."""
    token = re.search("<wsse:BinarySecurityToken ValueType=\"([^\"]*)\"[^>]*>([^<]*)<", request)
    if not re.search("(wssecurity-secext-1.0.xsd|/pki/2009/01/enrollment)#PKCS7$", token[1]):
        raise Refused("value type")
    message = base64.b64decode(token[2])
    if message[:1] != b"0":
        message = base64.b64decode(message)
    with lock:
        write("message.der", message)
        try:
            openssl("cms -verify -inform DER -in message.der -CAfile authorities.pem -purpose any -binary"
                    " -signer signer.pem -out content.der")
        except subprocess.CalledProcessError as error:
            raise Refused("signature, " + error.stderr.decode()[-300:].replace("<", ""))
        signer = openssl("x509 -in signer.pem -outform DER").stdout
        with open("content.der", "rb") as file:
            content = file.read()
        if b"\x06\x08\x2b\x06\x01\x05\x05\x07\x0c\x02" in message:
            requests = list(nodes(next(nodes(content))[1]))[1][1]
            content = list(nodes(next(nodes(requests))[1]))[1][2]
        write("inner.der", content)
        verdict = openssl("req -inform DER -in inner.der -noout -verify -text")
        assert b"verify OK" in verdict.stderr + verdict.stdout
        key = digest(openssl("req -inform DER -in inner.der -noout -pubkey").stdout)
    serial = openssl_serial(signer)
    if behavior != "careless":
        if digest(signer) not in devices.get(device, []):
            raise Refused("not the device's certificate, or no longer")
        if not manual and peer != signer:
            raise Refused("not the certificate in TLS")
        if key in keys or b"(1024 bit)" in verdict.stdout:
            raise Refused("key")
        if os.path.exists("revoked-" + serial):
            raise Refused("revoked")
        if os.path.exists("disabled"):
            raise Refused("user")
    return content


def openssl_serial(certificate):
    with lock:
        write("serial.der", certificate)
        text = openssl("x509 -inform DER -in serial.der -noout -serial").stdout.decode()
    return text.strip().split("=")[1].lower()


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
        peer = self.connection.getpeercert(True)
        if peer:
            # First contact: what came before no longer counts.
            for known in devices.values():
                if digest(peer) in known:
                    known[:] = [digest(peer)]
        self.answer("", kind="text/html")

    def renew(self, request, related):
        user = re.search("<wsse:Username>([^<]*)<", request)
        password = re.search("<wsse:Password[^>]*>([^<]*)<", request)
        device = re.search('Name="DeviceID"><ac:Value>([^<]*)<', request).group(1)
        try:
            if user and password.group(1) != "right":
                raise Refused("password")
            inner = renewed_request(request, self.connection.getpeercert(True), device, bool(user))
        except Refused as why:
            fault = golden("fault.xml").replace("DeviceCapReached", "NotEligibleToRenew")
            fault = fault.replace("Too many devices.", "Refused: " + str(why))
            return self.answer(fault.replace(message_id, related), 500)
        certificate = issue(inner, device)
        document = golden("renewal.xml")
        document = document.replace(hashlib.sha1(b"leaf").hexdigest().upper(),
                                    hashlib.sha1(certificate).hexdigest().upper())
        document = document.replace(base64.b64encode(b"leaf").decode(), base64.b64encode(certificate).decode())
        if behavior == "talkative":
            document = document.replace("</wap-", '<characteristic type="DMClient"/></wap-')
        token = golden("token.xml").replace("PGE+PC9hPg==", base64.b64encode(document.encode()).decode())
        self.answer(token.replace(message_id, related))

    def do_POST(self):
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        related = re.search("<a:MessageID>([^<]*)<", request).group(1)
        if "/IDiscoveryService/Discover<" in request:
            reply = golden("discovery.xml").replace(
                "mdm.example.test", f"enterpriseenrollment.example.test:{self.server.server_address[1]}")
            return self.answer(reply.replace(message_id, related))
        if "/200512/Renew<" in request:
            return self.renew(request, related)
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
        device = re.search('Name="DeviceID"><ac:Value>([^<]*)<', request).group(1)
        certificate = issue(
            base64.b64decode(re.search("<wsse:BinarySecurityToken[^>]*>([^<]*)<", request).group(1)), device)
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
