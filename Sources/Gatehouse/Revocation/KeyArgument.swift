import EnrollmentCore
import OpenSSLKit
import X509Kit

/// Reads `--key`.
enum KeyArgument {
    /// SHA-256 over the SubjectPublicKeyInfo that `text` is the digest of, or that the file of that name holds.
    static func digest(_ text: String) throws(CommandProblem) -> [UInt8] {
        let digits = text.filter { $0 != ":" }
        if digits.utf8.count == 64, let digest = Hexadecimal.decode(digits) { return digest }
        let octets: [UInt8]
        do throws(FileError) {
            octets = try FilePath.read(text, limit: 1 << 20)
        } catch {
            throw CommandProblem(
                "GH-USAGE-015",
                "--key is neither a SHA-256 in hexadecimal nor a file: \(error)",
                [("try", "openssl pkey -in key.pem -pubout > public.pem, then --key public.pem")],
                exit: .usage
            )
        }
        let der = PEM.decode(octets, labels: ["PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST"])?.der ?? octets
        guard let info = self.publicKeyInfo(in: der) else {
            throw CommandProblem(
                "GH-USAGE-015",
                "\(text) holds neither a public key nor a certificate or request of a kind that is accepted here",
                [("try", "openssl pkey -in key.pem -pubout > public.pem, then --key public.pem")],
                exit: .usage
            )
        }
        do throws(OpenSSLError) {
            return try Digest.sha256(info)
        } catch {
            throw CommandProblem("GH-REVOKE-006", "the cryptographic library made no digest: \(error)", exit: .failed)
        }
    }

    private static func publicKeyInfo(in der: [UInt8]) -> [UInt8]? {
        // Each kind is tried: what is none of them leaves nothing.
        if let key = try? PublicKeyInfo(der: der) { return key.der }
        if let certificate = try? Certificate(der: der) { return certificate.publicKeyInfo }
        return (try? CertificationRequest(der: der))?.publicKeyInfo.der
    }
}
