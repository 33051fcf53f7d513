internal import COpenSSL

/// What TLS needs to know of a certificate that libcrypto has decoded.
struct CertificateView: ~Copyable {
    let handle: Handle<CertificateObject>

    /// Decodes exactly one DER certificate; octets after it are refused.
    init(der: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        var consumed = 0
        let pointer = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            guard let start = buffer.baseAddress else { return nil }
            var cursor: UnsafePointer<UInt8>? = start
            let pointer = d2i_X509(nil, &cursor, buffer.count)
            consumed = cursor.map { start.distance(to: $0) } ?? 0
            return pointer
        }
        let handle = try Handle<CertificateObject>(adopting: pointer, from: "d2i_X509")
        guard consumed == der.count else { throw OpenSSLError(during: "d2i_X509 (octets after the certificate)") }
        self.handle = handle
    }

    /// The same for a certificate of a configuration; `position` is its place in the list, from 0.
    init(der: [UInt8], at position: Int) throws(TLSConfigurationError) {
        do throws(OpenSSLError) {
            self = try CertificateView(der: der)
        } catch {
            throw .unreadableCertificate(position: position, error)
        }
    }

    var subject: String {
        guard let line = X509_NAME_oneline(X509_get_subject_name(self.handle.pointer), nil, 0) else {
            return "an unnamed subject"
        }
        defer { copenssl_free(line) }
        return String(cString: line)
    }

    var isAuthority: Bool { copenssl_is_authority(self.handle.pointer) == 1 }

    /// The dNSName entries of the subject alternative name, as written.
    var dnsNames: [String] {
        get throws(OpenSSLError) {
            guard let pointer = copenssl_alternative_names(self.handle.pointer) else { return [] }
            let names = try Handle<AlternativeNamesObject>(adopting: pointer, from: "X509_get_ext_d2i")
            var found: [String] = []
            for index in 0..<copenssl_alternative_names_count(names.pointer) {
                var length: CInt = 0
                guard let octets = copenssl_dns_name(names.pointer, index, &length) else { continue }
                found.append(String(decoding: UnsafeBufferPointer(start: octets, count: Int(length)), as: UTF8.self))
            }
            return found
        }
    }

    static func der(of certificate: OpaquePointer) throws(OpenSSLError) -> [UInt8] {
        var octets: UnsafeMutablePointer<UInt8>?
        let length = i2d_X509(certificate, &octets)
        guard length > 0, let octets else { throw OpenSSLError(during: "i2d_X509") }
        defer { copenssl_free(octets) }
        return Array(UnsafeBufferPointer(start: octets, count: Int(length)))
    }
}
