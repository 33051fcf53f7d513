"""A management server for the simulator's tests: the example receiver's sessions, spoilt in one way at a time."""

import base64
import http.server
import os
import re
import ssl
import sys
import threading

folder, behavior, receiver = sys.argv[1:4]
sys.path.insert(0, receiver)
import syncml  # noqa: E402

threading.Timer(900, lambda: os._exit(3)).start()
os.chdir(folder)
NONCES = [base64.b64encode(bytes(range(start, start + 16))).decode() for start in (0, 16)]
ACCOUNT = {"provider": "Example", "client_name": "device", "client_secret": "two", "client_nonce": NONCES[1],
           "server_secret": "one", "server_nonce": NONCES[0]}
SPOILT = {
    "other-secret": {"client_secret": "another"},
    "impostor": {"server_secret": "another"},
    "stale-nonce": {"server_nonce": NONCES[1]},
}
# Text of the answer, and what takes its place.
CHANGES = {
    "no-final": ("<Final/>", ""),
    "no-form": ("SYNCML:SYNCML1.2", "SYNCML:SYNCML1.1"),
    "version": ("DM/1.2", "DM/1.1"),
    "other-session": ("<SessionID>1<", "<SessionID>2<"),
    "other-message": ("</SessionID><MsgID>", "</SessionID><MsgID>7"),
    "other-target": ("<Target><LocURI>", "<Target><LocURI>x"),
    "no-status": ("<Cmd>SyncHdr</Cmd>", "<Cmd>Alert</Cmd>"),
    "same-number": ("<CmdID>2</CmdID>", "<CmdID>1</CmdID>"),
    "behind-final": ("<Final/>", "<Final/><Alert><CmdID>99</CmdID><Data>1222</Data></Alert>"),
    "foreign-command": ("<Final/>", "<Wipe><CmdID>99</CmdID></Wipe><Final/>"),
    "failing-status": ("<Cmd>Replace</Cmd><Data>200<", "<Cmd>Replace</Cmd><Data>500<"),
    "other-challenge": (">syncml:auth-md5<", ">syncml:auth-MAC<"),
    "basic-challenge": (">syncml:auth-md5<", ">syncml:auth-basic<"),
    "no-challenge": ("<Chal>.*?</Chal>", ""),
    "forbidding": ("<Data>407<", "<Data>403<"),
    "bad-nonce": ("<NextNonce([^>]*)>[^<]*<", "<NextNonce\\1>*<"),
    "no-xml": ("</SyncML>", ""),
    "writing": ("<Final/>", "<Replace><CmdID>90</CmdID><Item><Target><LocURI>./Vendor/MSFT/DMClient/Provider/Example/Push/PFN"
                "</LocURI></Target><Data>pfn</Data></Item></Replace><Get><CmdID>91</CmdID><Item><Target><LocURI>./None"
                "</LocURI></Target></Item></Get><Exec><CmdID>92</CmdID></Exec><Final/>"),
    "endless": ("<Final/>", "<Alert><CmdID>99</CmdID><Data>1100</Data></Alert><Final/>"),
}
sessions = {}


class Management(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.answer(body)
        self.send_response(403 if behavior == "closed" else 200)
        self.send_header("Content-Type", "text/xml" if behavior == "other-type" else syncml.CONTENT_TYPE)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        with open("requests.log", "ab") as file:
            file.write(self.path.encode() + b" " + body + b"\n")

    def answer(self, body):
        assert self.connection.getpeercert(), "no certificate"
        assert self.headers["Content-Type"] == "application/vnd.syncml.dm+xml; charset=utf-8"
        message = syncml.Message(body)
        account = None if behavior == "trusting" else ACCOUNT | SPOILT.get(behavior, {})
        if message.number == "1":
            sessions[message.session] = syncml.Session(account)
        text = sessions[message.session].answer(message).decode()
        if behavior == "proving-each":
            text = re.sub("<Cmd>SyncHdr</Cmd>(.*?)<Data>212<", "<Cmd>SyncHdr</Cmd>\\1<Data>200<", text, count=1)
        if behavior in CHANGES and not (behavior in ("writing", "no-final") and "<Get>" not in text):
            pattern, replacement = CHANGES[behavior]
            text = re.sub(pattern, replacement, text, count=1)
        return text.encode()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Management)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("manager.pem", "manager.key")
context.load_verify_locations("root.pem")
context.verify_mode = ssl.CERT_OPTIONAL
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
