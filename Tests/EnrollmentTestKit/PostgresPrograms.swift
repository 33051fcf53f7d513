internal import Foundation

/// The programs of the newest PostgreSQL server on this machine, and as whom they run.
///
/// Distributions keep them out of the `PATH`, a folder per version. The server refuses to run as root, so that root's
/// tests run it as the user that its package made.
struct PostgresPrograms: Sendable {
    private let folder: String
    private let prefix: [String]

    /// - Throws: ``PostgresServer/NotStarted`` when there is no server here.
    init() throws {
        var found = glob_t()
        defer { globfree(&found) }
        for pattern in ["/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb"] {
            glob(pattern, GLOB_APPEND, nil, &found)
        }
        let programs = (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
        let newest = programs.max { $0.compare($1, options: .numeric) == .orderedAscending }
        guard let newest else {
            throw PostgresServer.NotStarted(
                description: "there is no PostgreSQL server here; Scripts/setup installs one"
            )
        }
        self.folder = String(newest.dropLast("initdb".count))
        self.prefix = getuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
    }

    /// The words that run a program of the server as its user.
    ///
    /// - Parameters:
    ///   - program: Its name.
    ///   - arguments: What it is given.
    ///   - wrapper: A command that runs the program, as `env` does.
    /// - Returns: Them all.
    func command(_ program: String, _ arguments: [String], in wrapper: [String] = []) -> [String] {
        self.prefix + wrapper + [self.folder + program] + arguments
    }

    /// Gives a file or folder to the server's user.
    func giveAway(_ path: String) throws {
        guard getuid() == 0, let user = getpwnam("postgres") else { return }
        guard chown(path, user.pointee.pw_uid, user.pointee.pw_gid) == 0 else {
            throw PostgresServer.NotStarted(description: "\(path): \(String(cString: strerror(errno)))")
        }
    }
}
