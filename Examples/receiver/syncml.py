"""The server's side of a first OMA-DM session (OMA-DM 1.2; [MS-MDM]).

Pure: a message in, a message out. The device is known by its certificate before anything here is asked; the account's
secrets are the second proof, and the server's proof to the device.
"""

import base64
import hashlib
import hmac
import os
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

NAMESPACE = "SYNCML:SYNCML1.2"
META = "syncml:metinf"
CONTENT_TYPE = "application/vnd.syncml.dm+xml; charset=utf-8"
# What the first session asks for.
QUESTIONS = ("./DevInfo/Mod", "./DevDetail/SwV", "./DevDetail/Ext/Microsoft/DeviceName")


class Malformed(Exception):
    """Not a SyncML message that a device sends."""


def digest(name, secret, nonce):
    """base64(MD5(base64(MD5(name:secret)):nonce)), OMA-DM Security 1.2 § 5.3; `nonce` in octets."""
    first = base64.b64encode(hashlib.md5(f"{name}:{secret}".encode()).digest())
    return base64.b64encode(hashlib.md5(first + b":" + nonce).digest()).decode()


class Message:
    """A device's message, as far as a server needs it."""

    def __init__(self, octets):
        if len(octets) > 1 << 20 or b"<!" in octets:
            raise Malformed("too long, or with a declaration")
        try:
            root = ElementTree.fromstring(octets)
        except ElementTree.ParseError as error:
            raise Malformed("no XML") from error
        header, body = (root.find(self._name(part)) for part in ("SyncHdr", "SyncBody"))
        if root.tag != self._name("SyncML") or header is None or body is None:
            raise Malformed("no SyncML with header and body")
        if self._text(header, "VerDTD") != "1.2" or self._text(header, "VerProto") != "DM/1.2":
            raise Malformed("not OMA-DM 1.2")
        self.session = self._text(header, "SessionID")
        self.number = self._text(header, "MsgID")
        self.source = self._text(header, "Source", "LocURI")
        self.target = self._text(header, "Target", "LocURI")
        if not self.number.isdigit() or not self.session or not self.source:
            raise Malformed("no session, number or source")
        credential = header.find(self._name("Cred"))
        self.credential = None
        if credential is not None:
            kind = credential.find(f"{self._name('Meta')}/{{{META}}}Type")
            self.credential = (kind.text if kind is not None else "", self._text(credential, "Data"))
        self.commands, self.statuses, self.results, self.alerts = [], [], {}, []
        for element in body:
            name = element.tag.rpartition("}")[2]
            if name == "Status":
                self.statuses.append((self._text(element, "MsgRef"), self._text(element, "CmdRef"),
                                      self._text(element, "Data"), self._nonce(element)))
            elif name != "Final":
                self.commands.append((self._text(element, "CmdID"), name))
                if name == "Alert":
                    self.alerts.append(self._text(element, "Data"))
                if name in ("Results", "Replace"):
                    for item in element.findall(self._name("Item")):
                        node = self._text(item, "Source", "LocURI")
                        if node:
                            self.results[node] = self._text(item, "Data")

    @staticmethod
    def _name(name):
        return f"{{{NAMESPACE}}}{name}"

    def _text(self, element, *path):
        for part in path:
            element = element.find(self._name(part))
            if element is None:
                return ""
        return (element.text or "").strip()

    def _nonce(self, status):
        nonce = status.find(f"{self._name('Chal')}/{self._name('Meta')}/{{{META}}}NextNonce")
        return nonce.text.strip() if nonce is not None and nonce.text else None

    def verdict_on_header(self):
        """What the device says of our last message as a whole: code and next nonce, or None."""
        for _, command, code, nonce in self.statuses:
            if command == "0":
                return code, nonce
        return None


class Session:
    """One session with one device."""

    def __init__(self, account=None):
        """`account` as the inbox has it; None where the certificate is all there is to go by."""
        self._account = account
        self._nonce = base64.b64decode(account["client_nonce"]) if account else None
        self._server_nonce = account and account["server_nonce"]
        self._refusals = 0
        self._questions = 0
        self.is_authenticated = False
        self.is_over = False
        self.has_left = False
        self.facts = {}
        # For the next session; None while there is no newer one.
        self.next_client_nonce = None
        self.next_server_nonce = None

    def answer(self, message):
        """The octets of the answer."""
        verdict = message.verdict_on_header()
        if verdict and verdict[1]:
            self.next_server_nonce = self._server_nonce = verdict[1]
        if not self.is_authenticated and not self._believes(message):
            self._refusals += 1
            self._nonce = os.urandom(16)
            self.is_over = self._refusals > 2
            code = "401" if message.credential else "407"
            challenge = None if self.is_over else self._nonce
            return self._write(message, code, [(number, name, code) for number, name in message.commands],
                               challenge=challenge)
        if not self.is_authenticated and self._account:
            # The nonce was used: the next session begins with another.
            self.next_client_nonce = base64.b64encode(os.urandom(16)).decode()
        self.is_authenticated = True
        self.facts.update(message.results)
        if "1226" in message.alerts:
            self.has_left = True
        # Once; and once more where the device asked us to prove ourselves with another nonce.
        asks = self._questions == 0 or (self._questions == 1 and verdict is not None and verdict[0] == "401")
        self._questions += asks
        self.is_over = not asks
        statuses = [(number, name, "200") for number, name in message.commands if name != "Results"]
        nonce = self.next_client_nonce and base64.b64decode(self.next_client_nonce)
        return self._write(message, "212" if self._account else "200", statuses, asks=asks,
                           challenge=nonce if asks else None)

    def _believes(self, message):
        if self._account is None:
            return True
        if message.credential is None:
            return False
        kind, data = message.credential
        name, secret = self._account["client_name"], self._account["client_secret"]
        if kind == "syncml:auth-md5":
            expected = digest(name, secret, self._nonce)
        elif kind == "syncml:auth-basic":
            expected = base64.b64encode(f"{name}:{secret}".encode()).decode()
        else:
            return False
        return hmac.compare_digest(expected.encode(), data.encode())

    def _write(self, message, code, statuses, asks=False, challenge=None):
        number = 0
        body = []

        def status(command, name, data, challenge=None):
            nonlocal number
            number += 1
            chal = challenge is not None and (
                f'<Chal><Meta><Format xmlns="{META}">b64</Format><Type xmlns="{META}">syncml:auth-md5</Type>'
                f'<NextNonce xmlns="{META}">{base64.b64encode(challenge).decode()}</NextNonce></Meta></Chal>') or ""
            body.append(f"<Status><CmdID>{number}</CmdID><MsgRef>{message.number}</MsgRef><CmdRef>{escape(command)}</CmdRef>"
                        f"<Cmd>{escape(name)}</Cmd>{chal}<Data>{data}</Data></Status>")

        status("0", "SyncHdr", code, challenge)
        for command, name, data in statuses:
            status(command, name, data)
        for node in QUESTIONS if asks else ():
            number += 1
            body.append(f"<Get><CmdID>{number}</CmdID><Item><Target><LocURI>{node}</LocURI></Target></Item></Get>")
        credential = ""
        if self._account and self.is_authenticated and asks:
            proof = digest(self._account["provider"], self._account["server_secret"],
                           base64.b64decode(self._server_nonce))
            credential = (f'<Cred><Meta><Format xmlns="{META}">b64</Format><Type xmlns="{META}">syncml:auth-md5</Type>'
                          f"</Meta><Data>{proof}</Data></Cred>")
        return (f'<SyncML xmlns="{NAMESPACE}"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
                f"<SessionID>{escape(message.session)}</SessionID><MsgID>{message.number}</MsgID>"
                f"<Target><LocURI>{escape(message.source)}</LocURI></Target>"
                f"<Source><LocURI>{escape(message.target)}</LocURI></Source>{credential}</SyncHdr>"
                f"<SyncBody>{''.join(body)}<Final/></SyncBody></SyncML>").encode()
