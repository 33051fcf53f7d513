import EnrollmentTestKit
import Foundation

/// A small web server of Python's on a port of its own, for one test.
///
/// It ends with ``stop()`` and, should a test forget, by itself after a quarter of an hour.
final class LoopbackServer {
    let port: Int
    private let process: FixtureProcess

    /// Starts it and waits until it listens.
    ///
    /// - Parameter certificates: What to speak TLS with; `nil` speaks plain HTTP.
    /// - Throws: When there is no Python here.
    init(certificates: TestCertificates? = nil) throws {
        let output = FileManager.default.temporaryDirectory.appending(path: "server-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: output) }
        self.process = try FixtureProcess(
            ["python3", "-c", Self.script] + (certificates.map { [$0.folder.path] } ?? []),
            outputFile: output
        )
        guard let port = Int(try self.process.firstLine(of: output)) else { throw CocoaError(.executableLoad) }
        self.port = port
    }

    func stop() {
        self.process.kill()
    }

    private static let script = """
        import http.server, os, ssl, sys, threading, time
        threading.Timer(900, lambda: os._exit(3)).start()
        lock, running, most = threading.Lock(), 0, 0
        class Answers(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            def log_message(self, *arguments): pass
            def answer(self, body, status=200, headers=()):
                self.send_response(status)
                for name, value in headers: self.send_header(name, value)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def do_GET(self):
                path = self.path
                if path == '/hello':
                    self.answer(b'hello', headers=[('X-Two', ' first '), ('x-two', 'second')])
                elif path == '/missing': self.answer(b'', 404)
                elif path.startswith('/large/'): self.answer(b'x' * int(path[7:]))
                elif path == '/endless':
                    self.send_response(200)
                    self.send_header('Transfer-Encoding', 'chunked')
                    self.end_headers()
                    for _ in range(100): self.wfile.write(b'400\\r\\n' + b'x' * 1024 + b'\\r\\n')
                    self.wfile.write(b'0\\r\\n\\r\\n')
                elif path == '/redirect': self.answer(b'', 302, [('Location', '/hello')])
                elif path == '/slow': time.sleep(600)
                elif path == '/pause':
                    global running, most
                    with lock: running += 1; most = max(most, running)
                    time.sleep(0.02)
                    with lock: running -= 1
                    self.answer(b'')
                elif path == '/most': self.answer(str(most).encode())
                elif path.startswith('http://'): self.answer(b'proxied ' + path.encode())
                elif path == '/close': self.close_connection = True
                elif path == '/port': self.answer(str(self.client_address[1]).encode())
                elif path == '/host': self.answer(self.headers['Host'].encode())
                elif path == '/who':
                    subject = dict(pair for part in self.connection.getpeercert()['subject'] for pair in part)
                    self.answer(subject['commonName'].encode())
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                lines = ''.join(f'{name}: {value}\\n' for name, value in self.headers.items())
                self.answer(lines.encode() + b'\\n' + body)
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answers)
        if len(sys.argv) > 1:
            folder = sys.argv[1]
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder + '/server.pem', folder + '/server.key')
            context.load_verify_locations(folder + '/ca.pem')
            context.verify_mode = ssl.CERT_OPTIONAL
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """
}
