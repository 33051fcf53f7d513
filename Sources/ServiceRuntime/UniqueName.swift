internal import Glibc

/// Gives a file a name that no other file has.
package enum UniqueName {
    /// What file systems say that have no links: FAT, and some that are mounted over a network.
    private static let without: Set = [EPERM, EOPNOTSUPP, ENOSYS]

    /// Moves a file, unless there is one of that name.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - name: In the same file system.
    ///   - link: Makes a link and returns the system's error number; another one for tests.
    /// - Returns: 0, or the system's error number: `EEXIST` when there is a file of that name.
    package static func move(
        _ path: String,
        to name: String,
        linkingBy link: (_ path: String, _ name: String) -> Int32 = { Glibc.link($0, $1) == 0 ? 0 : errno }
    ) -> Int32 {
        let linked = link(path, name)
        guard Self.without.contains(linked) else {
            if linked == 0 { unlink(path) }
            return linked
        }
        // The name is taken by an empty file, which nobody else can have made, and that is what the move replaces.
        let place = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard place >= 0 else { return errno }
        close(place)
        guard rename(path, name) == 0 else {
            let code = errno
            unlink(name)
            return code
        }
        return 0
    }
}
