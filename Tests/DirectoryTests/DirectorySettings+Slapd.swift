internal import Directory
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Logging

extension DirectorySettings {
    /// Settings for the given throwaway directories, over unprotected connections on loopback.
    static func plaintext(_ directories: [Slapd]) throws -> Self {
        guard let first = directories.first else { preconditionFailure("no directory") }
        var settings = Self(
            servers: directories.map(\.url),
            security: .plaintextPasswords,
            caFile: nil,
            base: first.base,
            serviceAccount: .init(name: first.serviceName, password: Redacted(try first.servicePassword()))
        )
        settings.domains = ["CORP": "ou=people,\(first.base)"]
        return settings
    }

    /// Settings for a server that is no slapd.
    static func loopback(_ port: UInt16) -> Self {
        Self(
            servers: ["ldap://127.0.0.1:\(port)"],
            security: .plaintextPasswords,
            caFile: nil,
            base: "dc=corp,dc=example",
            serviceAccount: .init(name: "cn=service", password: Redacted("service-password"))
        )
    }
}

extension LDAPCredentialVerifier {
    /// Verifies a name and a password.
    func verify(_ name: String, _ password: String) async throws(EnrollmentError) -> DirectoryUser {
        try await self.verify(.password(UsernamePassword(name: name, password: Redacted(password))))
    }

    /// The refusal of a name and a password, or `nil` when they are accepted.
    func refusal(_ name: String, _ password: String) async -> EnrollmentError? {
        do throws(EnrollmentError) {
            _ = try await self.verify(name, password)
            return nil
        } catch {
            return error
        }
    }

    /// The refusal of a look-up, or `nil` when the user may go on.
    func refusal(id: String) async -> EnrollmentError? {
        do throws(EnrollmentError) {
            _ = try await self.user(id: id)
            return nil
        } catch {
            return error
        }
    }

    /// A verifier whose log nobody reads.
    convenience init(
        quiet settings: DirectorySettings,
        clock: any WallClock = ManualClock()
    ) throws(DirectorySettingsError) {
        try self.init(settings, clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}
