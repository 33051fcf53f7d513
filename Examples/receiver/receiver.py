#!/usr/bin/env python3
"""A small management server's side of Gatehouse's hand-off: an example to read and to test with. See README.md."""

import argparse
import hashlib
import http.server
import json
import pathlib
import signal
import socketserver
import ssl
import sys
import threading
import time

import syncml
from gatehouse_api import Gatehouse, Gone, Unavailable
from inbox import Inbox, Unopened
from standard_webhooks import BadSignature, Verifier

LONGEST_BODY = 1 << 20
# A device comes within a second of its enrollment, and its event is on the way then.
PATIENCE_SECONDS = 2
ROOM_FOR_SESSIONS = 10_000


class Receiver:
    """What the three doors share: events, the authorise hook, and management sessions."""

    def __init__(self, inbox, verifier, gatehouse=None, denied=()):
        self.inbox = inbox
        self.verifier = verifier
        self.gatehouse = gatehouse
        self.denied = set(denied)
        self._sessions = {}
        self._lock = threading.Lock()
        self._pulling = threading.Lock()

    # Events

    def take_webhook(self, headers, body):
        """HTTP status for a delivery: 204 when it is kept, 401, 400 and 500 when it is not."""
        try:
            message_id = self.verifier.verify(headers, body)
        except BadSignature as error:
            log(f"a delivery was refused: {error}")
            return 401
        try:
            event = json.loads(body)
            if event["id"] != message_id or event["specversion"] != "1.0":
                raise ValueError("not the CloudEvent that the headers name")
        except (ValueError, KeyError, TypeError) as error:
            log(f"a delivery cannot be read: {error}")
            return 400
        try:
            is_new = self.inbox.take(event, "webhook")
        except Unopened as error:
            log(f"an event cannot be kept: {error}")
            return 500
        log(f"{event['type']} {event.get('subject', '')}{'' if is_new else ', known already'}")
        return 204

    def pull(self, wait=0):
        """Reads the feed from where it was left; returns how many events were new."""
        fresh = 0
        with self._pulling:
            while True:
                cursor = self.inbox.cursor()
                try:
                    events, after = self.gatehouse.events(cursor, wait)
                except Gone as gone:
                    # Whoever manages devices for real compares what it has with Gatehouse's list now.
                    log(f"the feed has lost what was between {cursor} and {gone.after}: compare by handoff reconcile")
                    self.inbox.move_cursor(gone.after)
                    continue
                for event in events:
                    fresh += self.inbox.take(event, "pull")
                # Only now: what was read is kept.
                self.inbox.move_cursor(after)
                if not events:
                    return fresh
                wait = 0

    def pull_for_ever(self, stopped):
        """Follows the feed by long polling, beside webhooks or instead of them."""
        while not stopped.is_set():
            try:
                self.pull(wait=20)
            except (Unavailable, Unopened) as error:
                log(f"the feed: {error}")
                stopped.wait(5)

    # The authorise hook

    def authorise(self, headers, body):
        """HTTP status and answer to the question whether a device may have a certificate."""
        try:
            self.verifier.verify(headers, body)
            user = json.loads(body)["data"]["user"]["principalName"]
        except BadSignature:
            return 401, None
        except (ValueError, KeyError, TypeError):
            return 400, None
        if user in self.denied:
            return 200, {"decision": "deny", "reason": "This account may not have devices. Ask your help desk."}
        return 200, {"decision": "allow", "attributes": {"approvedBy": "example receiver"}}

    # Management sessions

    def manage(self, certificate, body):
        """HTTP status and answer to a device's message; `certificate` is the one in TLS, DER, or None."""
        if certificate is None:
            return 403, None
        try:
            message = syncml.Message(body)
        except syncml.Malformed as error:
            log(f"a message cannot be read: {error}")
            return 400, None
        thumbprint = hashlib.sha256(certificate).hexdigest()
        try:
            identity = self.gatehouse.identity(thumbprint)
            if identity["identity"] != "current":
                log(f"a device was turned away: its certificate is {identity['identity']}")
                return 403, None
            device = identity["device"]["id"]
            known = self._awaited(device)
            if known is None:
                # No webhook, or a lost one: the feed has the event, but no account secrets.
                self.pull()
                known = self.inbox.device(device)
        except (Unavailable, Unopened) as error:
            log(f"a device has to come again: {error}")
            return 503, None
        if known is None:
            return 503, None
        if known["standing"] != "managed" or known["claimed"].lower() != message.source.lower():
            log(f"a device was turned away: {device} is {known['standing']}, and calls itself {message.source}")
            return 403, None
        return self._converse(device, thumbprint, message)

    def _awaited(self, device):
        """What is known of a device, as soon as something is."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            known = self.inbox.device(device)
            if known or time.monotonic() >= end:
                return known
            time.sleep(0.02)

    def _converse(self, device, thumbprint, message):
        key = (thumbprint, message.session)
        with self._lock:
            session = self._sessions.get(key)
            # Message 1 begins a session, whatever became of an earlier one of that number.
            if session is None or message.number == "1":
                if len(self._sessions) >= ROOM_FOR_SESSIONS:
                    self._sessions.pop(next(iter(self._sessions)))
                session = self._sessions[key] = syncml.Session(self.inbox.account(device))
            was_authenticated = session.is_authenticated
            answer = session.answer(message)
            if session.is_over:
                del self._sessions[key]
        if session.is_authenticated:
            self.inbox.keep_nonces(device, session.next_client_nonce, session.next_server_nonce)
            if not was_authenticated:
                try:
                    self.gatehouse.confirm_contact(thumbprint)
                    log(f"{device} was here, and Gatehouse knows")
                    self.inbox.note_contact(device, "confirmed", session.facts)
                except Unavailable as error:
                    # Not the device's trouble; its next session is one more chance to say so.
                    log(f"{device} was here, and Gatehouse could not be told: {error}")
                    self.inbox.note_contact(device, "unconfirmed", session.facts)
            else:
                self.inbox.note_facts(device, session.facts)
        return 200, answer


class Door(http.server.BaseHTTPRequestHandler):
    """HTTP in front of a receiver."""

    protocol_version = "HTTP/1.1"
    server_version = "example-receiver"
    timeout = 30

    def log_message(self, *_):
        pass

    def _answer(self, status, body=b"", kind="application/json"):
        self.send_response(status)
        if body:
            self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        if status == 503:
            self.send_header("Retry-After", "5")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            self.close_connection = True
            return self._answer(413 if length.isdigit() else 411)
        body = self.rfile.read(int(length))
        receiver = self.server.receiver
        path = self.path.partition("?")[0]
        if path == "/events":
            return self._answer(receiver.take_webhook(self.headers, body))
        if path == "/authorise":
            status, answer = receiver.authorise(self.headers, body)
            return self._answer(status, json.dumps(answer).encode() if answer else b"")
        if path == "/omadm":
            status, answer = receiver.manage(self.connection.getpeercert(True), body)
            return self._answer(status, answer or b"", syncml.CONTENT_TYPE)
        return self._answer(404)

    def do_GET(self):
        self._answer(404)


class DoorServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A thread for each connection; the TLS handshake happens there, so that a slow client holds nobody up."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address, receiver, tls):
        super().__init__(address, Door)
        self.receiver = receiver
        self._tls = tls

    def process_request_thread(self, request, client_address):
        try:
            request.settimeout(30)
            request = self._tls.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError) as error:
            log(f"no TLS with {client_address[0]}: {error}")
            return self.shutdown_request(request)
        super().process_request_thread(request, client_address)

    def handle_error(self, request, client_address):
        log(f"{client_address[0]}: {sys.exc_info()[1]}")


def log(line):
    # What devices say of themselves must not forge lines.
    print("receiver:", "".join(c if c.isprintable() else "?" for c in line), file=sys.stderr, flush=True)


def lines_of(file):
    return [line.strip() for line in pathlib.Path(file).read_text().splitlines() if line.strip()]


def account_opener(file):
    """Opens account secrets with a private key; without one they are not kept."""
    if file is None:
        return None
    import account_secrets
    key = account_secrets.load_key(pathlib.Path(file).read_bytes())
    return lambda token: json.loads(account_secrets.open_token(token, key))


def link_to_gatehouse(arguments):
    return Gatehouse(arguments.gatehouse, lines_of(arguments.token)[0], arguments.gatehouse_ca, arguments.gatehouse_at)


def serve(arguments):
    gatehouse = link_to_gatehouse(arguments)
    inbox = Inbox(arguments.store, account_opener(arguments.account_key))
    receiver = Receiver(inbox, Verifier(lines_of(arguments.secrets)), gatehouse, arguments.deny)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.load_cert_chain(arguments.certificate, arguments.key)
    # Devices have one, Gatehouse need not.
    tls.verify_mode = ssl.CERT_OPTIONAL
    tls.load_verify_locations(arguments.device_roots)
    server = DoorServer((arguments.address, arguments.port), receiver, tls)
    stopped = threading.Event()

    def stop(*_):
        stopped.set()
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if arguments.pull:
        threading.Thread(target=receiver.pull_for_ever, args=(stopped,), daemon=True).start()
    print(server.server_address[1], flush=True)
    server.serve_forever()
    server.server_close()


def pull(arguments):
    gatehouse = link_to_gatehouse(arguments)
    inbox = Inbox(arguments.store, account_opener(arguments.account_key))
    fresh = Receiver(inbox, None, gatehouse).pull()
    print(f"{fresh} new {'event' if fresh == 1 else 'events'}")


def show(arguments):
    json.dump(Inbox(arguments.store).summary(), sys.stdout, indent=2)
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    store = argparse.ArgumentParser(add_help=False)
    store.add_argument("--store", required=True, help="SQLite file with what was received")
    link = argparse.ArgumentParser(add_help=False)
    link.add_argument("--gatehouse", required=True, help="https address of Gatehouse's admin listener")
    link.add_argument("--gatehouse-ca", help="PEM with the authorities that its certificate may lead to")
    link.add_argument("--gatehouse-at", help="its address, instead of asking the resolver")
    link.add_argument("--token", required=True, help="file with an API token")
    link.add_argument("--account-key", help="PEM with the private key that account secrets are encrypted to")

    server = commands.add_parser("serve", parents=[store, link], help="take webhooks, questions and devices")
    server.add_argument("--address", default="127.0.0.1")
    server.add_argument("--port", type=int, default=0, help="0 takes a free one; it is written to standard output")
    server.add_argument("--certificate", required=True, help="PEM, leaf first, for TLS")
    server.add_argument("--key", required=True, help="PEM, its private key")
    server.add_argument("--device-roots", required=True, help="PEM with the roots that devices' certificates lead to")
    server.add_argument("--secrets", required=True, help="file with whsec_… and whpk_… lines, all of which count")
    server.add_argument("--deny", action="append", default=[], help="a user whose devices the hook denies; repeatable")
    server.add_argument("--pull", action="store_true", help="follow the feed, beside webhooks or instead of them")
    server.set_defaults(run=serve)

    once = commands.add_parser("pull", parents=[store, link], help="read the feed from where it was left, and end")
    once.set_defaults(run=pull)
    shown = commands.add_parser("show", parents=[store], help="what was received, as JSON")
    shown.set_defaults(run=show)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except (Unavailable, Unopened) as error:
        log(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
