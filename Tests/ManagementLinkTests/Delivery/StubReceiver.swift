import EnrollmentTestKit
import Foundation

/// A web server of Python's that answers webhooks as the path asks it to.
///
/// It ends with ``stop()`` and, should a test forget, by itself after two minutes.
final class StubReceiver {
    let port: Int
    private let process: FixtureProcess
    private let file: String

    /// Starts it and waits until it listens.
    init() throws {
        self.file = FileManager.default.temporaryDirectory.appending(path: "receiver-\(UUID().uuidString)").path
        let output = self.file + ".port"
        defer { try? FileManager.default.removeItem(atPath: output) }
        self.process = try FixtureProcess(["python3", "-c", Self.script, self.file], outputFile: output)
        guard let port = Int(try self.process.firstLine(of: output)) else { throw CocoaError(.executableLoad) }
        self.port = port
    }

    func stop() {
        self.process.kill()
        try? FileManager.default.removeItem(atPath: self.file)
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(self.port)/\(path)" }

    /// What it took, in the order in which it took it: id, device, generation.
    func accepted() throws -> [[String]] {
        let text = try String(contentsOfFile: self.file, encoding: .utf8)
        return text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    }

    private static let script = """
        import http.server, os, random, socket, struct, sys, threading, time
        threading.Timer(900, lambda: os._exit(3)).start()
        lock, log, chance, tries = threading.Lock(), open(sys.argv[1], 'w'), random.Random(7), {}
        class Answers(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            def log_message(self, *arguments): pass
            def setup(self):
                super().setup()
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            def answer(self, status, headers=(), body=b''):
                self.send_response(status)
                for name, value in headers: self.send_header(name, value)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def take(self, body):
                with lock:
                    log.write(body.decode() + '\\n')
                    log.flush()
            def reset(self):
                linger = struct.pack('ii', 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                self.connection.close()
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                mood = self.path[1:]
                if mood == 'moody':
                    with lock:
                        tries[body] = tries.get(body, 0) + 1
                        few = tries[body] <= 2
                    moods = ['late', '500', 'reset', 'close', 'garbage', 'late-200', '302', 'lost', 'hang']
                    mood = chance.choice(moods) if few and chance.random() < 0.15 else 'ok'
                if mood == 'ok': self.take(body); self.answer(200)
                elif mood == 'large': self.take(body); self.answer(200, body=b'x' * 1000000)
                elif mood == 'late': time.sleep(0.05); self.take(body); self.answer(202)
                elif mood == 'late-200': self.take(body); time.sleep(0.6); self.answer(200)
                elif mood == 'lost': self.take(body); self.reset()
                elif mood == 'hang': time.sleep(1.5); self.close_connection = True
                elif mood == 'reset': self.reset()
                elif mood == 'close': self.close_connection = True
                elif mood == 'garbage': self.wfile.write(b'\\x00\\xff garbage\\r\\n\\r\\n'); self.close_connection = True
                elif mood == '302': self.answer(302, [('Location', '/ok')])
                elif mood == '429': self.answer(429, [('Retry-After', '7')])
                elif mood == 'headers':
                    self.take('\\n'.join(f'{k}: {v}' for k, v in self.headers.items()).encode()); self.answer(200)
                else: self.answer(int(mood))
            do_GET = do_POST
        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64
            def handle_error(self, request, address): pass
        server = Server(('127.0.0.1', 0), Answers)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """
}
