import EnrollmentTestKit
import Foundation

/// Where a certificate says that things about it are to be found.
struct CertificateAddresses: Sendable {
    let crl: String
    let ocsp: String
    let issuer: String

    /// - Parameter text: What `openssl x509 -text` shows.
    /// - Throws: When an address is missing.
    fileprivate init(_ text: String) throws {
        func address(behind words: String) throws -> String {
            guard let found = text.firstRange(of: words) else {
                throw Place.Failure(description: "the certificate names no \(words)\n\(text)")
            }
            let rest = text[found.upperBound...].drop { $0.isWhitespace }
            let line = rest.prefix { !$0.isNewline }
            return String(line.hasPrefix("URI:") ? line.dropFirst(4) : line)
        }
        self.crl = try address(behind: "Full Name:")
        self.ocsp = try address(behind: "OCSP - URI:")
        self.issuer = try address(behind: "CA Issuers - URI:")
    }
}

extension Place {
    /// As OpenSSL reads the certificate.
    func facts(of der: [UInt8]) async throws -> CertificateAddresses {
        let file = self.folder.appending(path: "\(UUID().uuidString).der")
        try Data(der).write(to: file)
        let outcome = try await ExternalCommand.run(
            "openssl",
            ["x509", "-inform", "DER", "-in", file.path, "-noout", "-text"]
        )
        return try CertificateAddresses(outcome.output)
    }

    /// Writes octets into a file of this place.
    func keep(_ octets: some Sequence<UInt8>, as name: String) throws -> String {
        let file = self.folder.appending(path: name)
        try Data(Array(octets)).write(to: file)
        return file.path
    }
}
