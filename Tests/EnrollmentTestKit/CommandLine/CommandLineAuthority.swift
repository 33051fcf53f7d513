public import Foundation

/// A root, an issuing authority and what they sign, made by the `openssl` command in a temporary folder.
///
/// Certificates that somebody else's program made keep a test from agreeing with our own mistakes.
public final class CommandLineAuthority: Sendable {
    /// A certificate and its key as files and octets.
    public struct Credential: Sendable {
        public let certificateFile: String
        public let keyFile: String
        public let pem: [UInt8]
        public let key: [UInt8]
    }

    public let folder: URL
    public let root: Credential
    public let issuer: Credential

    private static let authorityExtensions = """
        basicConstraints=critical,CA:TRUE
        keyUsage=critical,keyCertSign,cRLSign
        subjectKeyIdentifier=hash
        """

    /// - Parameter name: Appears in the subjects, to tell two authorities apart.
    /// - Throws: ``CommandFailure`` when `openssl` does not do its work.
    public init(_ name: String = "Test") async throws {
        self.folder = FileManager.default.temporaryDirectory.appendingPathComponent("authority-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        self.root = try await Self.make(
            "root",
            "/CN=\(name) Root",
            Self.authorityExtensions,
            days: 30,
            signer: nil,
            in: self.folder
        )
        self.issuer = try await Self.make(
            "issuer",
            "/CN=\(name) Issuer",
            Self.authorityExtensions,
            days: 20,
            signer: self.root,
            in: self.folder
        )
    }

    deinit {
        // A folder left behind hurts nobody, and there is no one here to tell.
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// The path of a file of that name in this authority's folder.
    public func file(_ name: String) -> String {
        self.folder.appendingPathComponent(name).path
    }

    /// A server's certificate for `names`; the first is its subject.
    public func server(_ names: String...) async throws -> Credential {
        let alternatives = names.map { "DNS:" + $0 }.joined(separator: ",")
        return try await Self.make(
            UUID().uuidString,
            "/CN=\(names.first ?? "server")",
            "subjectAltName=\(alternatives)\nextendedKeyUsage=serverAuth",
            days: 10,
            signer: self.issuer,
            in: self.folder
        )
    }

    /// A client's certificate.
    ///
    /// - Parameters:
    ///   - name: Its common name.
    ///   - usage: The extended key usage, by OpenSSL's name for it.
    ///   - days: Its validity; a negative number makes one that has expired.
    /// - Returns: The certificate and its key.
    /// - Throws: ``CommandFailure`` when `openssl` does not do its work.
    public func client(_ name: String, usage: String = "clientAuth", days: Int = 10) async throws -> Credential {
        try await Self.make(
            UUID().uuidString,
            "/CN=\(name)",
            "extendedKeyUsage=\(usage)\nauthorityKeyIdentifier=keyid",
            days: days,
            signer: self.issuer,
            in: self.folder
        )
    }

    /// Another authority, signed by this one's issuer.
    public func authority(_ name: String) async throws -> Credential {
        try await Self.make(
            UUID().uuidString,
            "/CN=\(name)",
            Self.authorityExtensions,
            days: 10,
            signer: self.issuer,
            in: self.folder
        )
    }

    private static func make(
        _ label: String,
        _ subject: String,
        _ extensions: String,
        days: Int,
        signer: Credential?,
        in folder: URL
    ) async throws -> Credential {
        let key = folder.appendingPathComponent(label + ".key").path
        let request = folder.appendingPathComponent(label + ".csr").path
        let certificate = folder.appendingPathComponent(label + ".pem").path
        let extensionFile = folder.appendingPathComponent(label + ".ext").path
        try Data((extensions + "\n").utf8).write(to: URL(fileURLWithPath: extensionFile))
        try await self.openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
        try await self.openssl(["req", "-new", "-key", key, "-subj", subject, "-out", request])
        let signing = signer.map { ["-CA", $0.certificateFile, "-CAkey", $0.keyFile] } ?? ["-signkey", key]
        try await self.openssl(
            ["x509", "-req", "-in", request, "-days", String(days), "-out", certificate, "-extfile", extensionFile]
                + ["-set_serial", String(UInt32.random(in: 1...0x7FFF_FFFF))] + signing
        )
        return Credential(
            certificateFile: certificate,
            keyFile: key,
            pem: Array(try Data(contentsOf: URL(fileURLWithPath: certificate))),
            key: Array(try Data(contentsOf: URL(fileURLWithPath: key)))
        )
    }

    /// Runs the command; a failure is the test environment's and ends the test with its words.
    public static func openssl(_ arguments: [String]) async throws {
        let outcome = try await ExternalCommand.run("openssl", arguments)
        guard outcome.status == 0 else { throw CommandFailure(arguments: arguments, output: outcome.output) }
    }

    /// A command that a test depends on did not do its work.
    public struct CommandFailure: Error, Sendable {
        public let arguments: [String]
        public let output: String
    }
}
