internal import Foundation

/// A directory of one person that refuses every password in words chosen by the test: LDAP over a real socket.
///
/// The service account `cn=service` is let in with any password. Needs `python3`.
public final class ScriptedDirectory: Sendable {
    public let port: UInt16
    private let process: Process
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
        self.process = Process()
        self.process.executableURL = URL(filePath: "/usr/bin/env")
        self.process.arguments = [
            "python3", "-c", Self.program, "\(code)", diagnostic, knowsPerson ? "1" : "0", self.journal.path,
        ]
        let output = Pipe()
        self.process.standardOutput = output
        // The server ends when this pipe does, that is with this process at the latest.
        self.process.standardInput = Pipe()
        try self.process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        self.port = UInt16(line.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        precondition(self.port != 0, "the server told no port")
    }

    deinit {
        self.process.terminate()
        self.process.waitUntilExit()
        // A file left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.journal)
    }

    /// The operations received so far: `bind NAME` and `search`.
    ///
    /// - Returns: One string each, in order.
    /// - Throws: When nothing was received yet.
    public func operations() throws -> [String] {
        try String(contentsOf: self.journal, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private static let program = #"""
        import os, socket, sys, threading

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

        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)

        def end_with_parent():
            sys.stdin.buffer.read()
            os._exit(0)

        threading.Thread(target=end_with_parent, daemon=True).start()
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """#
}
