internal import Foundation
internal import Synchronization

/// A process that ends a PostgreSQL server and removes its folder once this process is gone, however it ended.
///
/// It reads from a socket whose other end only this process has: the kernel closes that in every case. The server is
/// found by the file that it keeps, and is only ended while it still is one that was started from that folder.
final class PostgresSupervisor: Sendable {
    private static let script = """
        trap '' INT TERM HUP
        read -r word <&3
        [ "$word" = released ] && exit 0
        pid=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null)
        if [ -n "$pid" ] && tr '\\0' ' ' 2> /dev/null < "/proc/$pid/cmdline" | grep -qF -- "$1/data"; then
            kill -QUIT "$pid"
            for _ in $(seq 200); do kill -0 "$pid" 2> /dev/null || break; sleep 0.05; done
        fi
        rm -rf "$1"
        """

    private let process: FixtureProcess
    private let writing: Mutex<Int32?>

    init(of folder: URL) throws {
        var pipe: [Int32] = [-1, -1]
        // Not a pipe, whose ends a process started at the same moment could inherit.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &pipe) == 0 else {
            throw PostgresServer.NotStarted(description: "no socket: \(String(cString: strerror(errno)))")
        }
        defer { close(pipe[0]) }
        do {
            self.process = try FixtureProcess(["bash", "-c", Self.script, "supervisor", folder.path], passing: pipe[0])
        } catch {
            close(pipe[1])
            throw error
        }
        self.writing = Mutex(pipe[1])
    }

    /// Lets it end without doing anything, and waits for that.
    func release() {
        guard let writing = self.writing.withLock({ $0.take() }) else { return }
        let word = Array("released\n".utf8)
        // It ignores every signal that comes by itself, so it is there to read.
        _ = word.withUnsafeBytes { send(writing, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        close(writing)
        _ = self.process.wait()
    }
}
