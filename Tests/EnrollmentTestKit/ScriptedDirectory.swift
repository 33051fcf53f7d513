internal import Foundation

/// A directory of one person that refuses every password in words chosen by the test: LDAP over a real socket.
///
/// The service account `cn=service` is let in with any password. Needs `python3`.
public final class ScriptedDirectory: Sendable {
    /// The socket is made here and passed on: connections made before the server runs wait in its queue.
    private let listener = SilentListener()
    private let process: FixtureProcess
    private let journal: URL

    /// Starts the server.
    ///
    /// - Parameters:
    ///   - code: The result code of every person's bind.
    ///   - diagnostic: The diagnostic message that goes with it.
    ///   - knowsPerson: Whether a search finds the one person; else it finds nobody.
    /// - Throws: When `python3` cannot be started.
    public init(refusing code: Int, saying diagnostic: String, knowsPerson: Bool = true) throws {
        self.journal = FileManager.default.temporaryDirectory.appending(path: "gatehouse-ldap-\(UUID().uuidString)")
        self.process = try FixtureProcess(
            ["python3", "-c", Self.program, "\(code)", diagnostic, knowsPerson ? "1" : "0", self.journal.path],
            passing: self.listener.descriptor
        )
    }

    deinit {
        kill(self.process.identifier, SIGTERM)
        _ = self.process.wait()
        // A file left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.journal)
    }

    public var port: UInt16 { self.listener.port }

    /// The operations received so far: `bind NAME` and `search`.
    ///
    /// - Returns: One string each, in order.
    /// - Throws: When nothing was received yet.
    public func operations() throws -> [String] {
        try String(contentsOf: self.journal, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private static let program = #"""
        import os, socket, sys, threading, time

        code, diagnostic, known, journal = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3] == "1", sys.argv[4]

        def tlv(tag, content):
            n = len(content)
            return bytes([tag]) + (bytes([n]) if n < 128 else bytes([0x82, n >> 8, n & 255])) + content

        def result(tag, code, text=b""):
            return tlv(tag, tlv(0x0a, bytes([code])) + tlv(4, b"") + tlv(4, text))

        def read(stream):
            tag, first = stream.read(1), stream.read(1)
            if not tag or not first: return None
            n = first[0]
            if n & 128: n = int.from_bytes(stream.read(n & 127), "big")
            return tag[0], stream.read(n)

        def split(content):
            n, start = content[1], 2
            if n & 128:
                start = 2 + (n & 127)
                n = int.from_bytes(content[2:start], "big")
            return content[0], content[start:start + n], content[start + n:]

        def note(line):
            with open(journal, "ab") as file: file.write(line + b"\n")

        def serve(connection):
            stream = connection.makefile("rb")
            while (message := read(stream)) is not None:
                _, number, rest = split(message[1])
                tag, content, _ = split(rest)
                answers = []
                if tag == 0x60:
                    _, _, rest = split(content)
                    _, name, _ = split(rest)
                    note(b"bind " + name)
                    answers = [result(0x61, 0) if name == b"cn=service" else result(0x61, code, diagnostic)]
                elif tag == 0x63:
                    note(b"search")
                    guid = tlv(0x30, tlv(4, b"objectGUID") + tlv(0x31, tlv(4, bytes(range(16)))))
                    upn = tlv(0x30, tlv(4, b"userPrincipalName") + tlv(0x31, tlv(4, b"kim@corp.example")))
                    if known: answers = [tlv(0x64, tlv(4, b"CN=Kim,DC=corp,DC=example") + tlv(0x30, guid + upn))]
                    answers.append(result(0x65, 0))
                elif tag == 0x42:
                    break
                for answer in answers: connection.sendall(tlv(0x30, tlv(2, number) + answer))
            connection.close()

        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        listener, parent = socket.socket(fileno=3), os.getppid()

        def end_with_parent():
            while os.getppid() == parent: time.sleep(0.5)
            os._exit(0)

        threading.Thread(target=end_with_parent, daemon=True).start()
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """#
}
