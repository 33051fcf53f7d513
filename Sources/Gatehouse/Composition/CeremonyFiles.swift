import Authority
import EnrollmentCore
import Glibc

/// Files of ceremonies, and what is kept beside an offline root.
enum CeremonyFiles {
    /// Octets; a request with every CRL of a large place is far below.
    private static let most = 64 << 20

    static func read(_ path: String) throws(CommandProblem) -> [UInt8] {
        do throws(FileError) {
            return try FilePath.read(path, limit: Self.most)
        } catch {
            throw CommandProblem("GH-CEREMONY-002", "\(error)", exit: error.isMissing ? .notFound : .failed)
        }
    }

    /// Writes a file that must not be there yet.
    static func create(_ path: String, _ text: String, mode: mode_t = 0o644) throws(CommandProblem) {
        do throws(FileError) {
            try FilePath.create(path, Array(text.utf8), mode: mode)
        } catch {
            throw CommandProblem("GH-CEREMONY-002", "\(error)", exit: .failed)
        }
    }

    /// Refuses to go on where a file would be in the way at the end.
    static func requireAbsent(_ path: String) throws(CommandProblem) {
        guard FilePath.exists(path) else { return }
        throw CommandProblem("GH-CEREMONY-003", "\(path) is there already", [("try", "another name")], exit: .refused)
    }
}

/// The folder in which an offline root lives: certificate, sealed key, and a list of what was done with it.
struct RootFolder {
    let path: String

    var certificate: String { "\(self.path)/root.cer" }
    var pem: String { "\(self.path)/root.pem" }
    var key: String { "\(self.path)/root.key" }
    var transcript: String { "\(self.path)/transcript.txt" }

    func open() throws(CommandProblem) -> OfflineRoot {
        let (certificate, key) = (try CeremonyFiles.read(self.certificate), try CeremonyFiles.read(self.key))
        do throws(EnrollmentError) {
            return try OfflineRoot(certificate: certificate, keyFile: key)
        } catch {
            throw CommandProblem(ceremony: error)
        }
    }

    /// Adds a line to the transcript, durably; nothing is ever taken from it.
    func record(_ line: String) throws(FileError) {
        let descriptor = Glibc.open(self.transcript, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError(path: self.transcript, code: errno) }
        defer { close(descriptor) }
        let octets = Array("\(SystemClock().now)  \(CommandActor.name)  \(Table.printable(line))\n".utf8)
        let count = octets.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count == octets.count, fsync(descriptor) == 0 else {
            throw FileError(path: self.transcript, code: errno)
        }
    }
}
