"""The three questions a management server has for Gatehouse: whose certificate is this, what happened, and "I saw it"."""

import http.client
import json
import socket
import ssl
import urllib.parse

IDLE_SECONDS = 10


class Unavailable(Exception):
    """No answer, or one that says nothing: ask again later."""


class Gone(Exception):
    """What follows a cursor is kept no longer; `after` is where to go on, and what was between is lost to the feed."""

    def __init__(self, after):
        super().__init__(f"the feed goes on after {after}")
        self.after = after


class Gatehouse:
    """One HTTPS connection for each question; the caller's token is its key."""

    def __init__(self, url, token, authorities, address=None):
        """`address` is where the host of `url` is, instead of asking the resolver."""
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("the address of Gatehouse's admin interface begins with https://")
        self._host, self._port = parts.hostname, parts.port or 443
        self._address = address or self._host
        self._token = token
        self._tls = ssl.create_default_context(cafile=authorities)

    def _ask(self, method, path, timeout=IDLE_SECONDS, expected=(200,)):
        connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        try:
            plain = socket.create_connection((self._address, self._port), timeout)
            try:
                connection.sock = self._tls.wrap_socket(plain, server_hostname=self._host)
            except BaseException:
                plain.close()
                raise
            connection.request(method, path, body=b"" if method == "POST" else None,
                               headers={"Authorization": f"Bearer {self._token}", "Accept": "application/json"})
            answer = connection.getresponse()
            body = answer.read(8 << 20)
            if answer.status not in expected:
                raise Unavailable(f"{method} {path.partition('?')[0]}: HTTP {answer.status}")
            return answer.status, json.loads(body) if body else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unavailable(f"{method} {path.partition('?')[0]}: {error}") from error
        finally:
            connection.close()

    def identity(self, thumbprint):
        """What a certificate is worth, by its SHA-256: a dictionary whose `identity` is `current` for a device of ours."""
        status, identity = self._ask("GET", f"/api/v1/identities/{thumbprint}", expected=(200, 404))
        return identity if status == 200 else {"identity": "unknown"}

    def confirm_contact(self, thumbprint):
        """Says that the device was here; may be said again."""
        self._ask("POST", f"/api/v1/identities/{thumbprint}/contact")

    def events(self, after=None, wait=0, limit=200):
        """A page of the feed: its events, oldest first, and where the next page begins.

        Without `after` it is the page with the oldest event that is kept: nobody's feed begins at 0 for ever.
        """
        query = urllib.parse.urlencode(({} if after is None else {"after": after}) | {"wait": wait, "limit": limit})
        status, page = self._ask("GET", f"/api/v1/events?{query}", timeout=wait + IDLE_SECONDS, expected=(200, 410))
        if status == 410:
            place = page.get("after")
            if not isinstance(place, str) or place == after:
                raise Unavailable("GET /api/v1/events: HTTP 410, and no other place to go on")
            raise Gone(place)
        return page["events"], page["next"]
