import Glibc

/// Who runs a command, as the records of acts keep it.
enum CommandActor {
    /// `h.jensen@gate-01`, or `h.jensen@gate-01 as gatehouse` for somebody who changed to another account.
    ///
    /// Who signed in is taken from the kernel, which keeps it across `sudo` and cannot be told otherwise; the
    /// environment can.
    static var name: String {
        let account = self.account(getuid())
        guard let login = self.login, login != getuid() else { return "\(account)@\(self.host)" }
        return "\(self.account(login))@\(self.host) as \(account)"
    }

    /// The account of the sign-in that led here; `nil` where the system does not track it.
    private static var login: uid_t? {
        // A system without that file tracks nobody.
        guard let octets = try? FilePath.read("/proc/self/loginuid", limit: 32),
            let login = uid_t(String(decoding: octets, as: UTF8.self).filter(\.isNumber)), login != .max
        else { return nil }
        return login
    }

    private static func account(_ user: uid_t) -> String {
        guard let entry = getpwuid(user), let name = entry.pointee.pw_name else { return "user \(user)" }
        return String(cString: name)
    }

    private static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        // One octet is left for the end of the text, which a name that was cut off would not have.
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return name.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: $0) } ?? "localhost"
        }
    }
}
