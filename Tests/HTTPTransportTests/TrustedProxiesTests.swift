import Foundation
import HTTPTransport
import TLSTransport
import Testing

@Suite("Trusted proxies")
struct TrustedProxiesTests {
    /// As long as a certificate, and one whole DER element.
    private static let der: [UInt8] = [0x30, 0x82, 0x02, 0x00] + (0..<512).map { UInt8(truncatingIfNeeded: $0) }
    private static let ownCertificate = PresentedCertificate.verified([1, 2, 3])
    private static let networks = ["10.0.0.0/8", "2001:db8:1::/48"].compactMap(IPNetwork.init)

    private static func base64(_ octets: [UInt8]) -> String { Data(octets).base64EncodedString() }

    private static func pem(_ octets: [UInt8], lineEnd: String = "\n") -> String {
        let symbols = Array(self.base64(octets))
        let lines = stride(from: 0, to: symbols.count, by: 64).map { String(symbols[$0..<min($0 + 64, symbols.count)]) }
        return (["-----BEGIN CERTIFICATE-----"] + lines + ["-----END CERTIFICATE-----", ""]).joined(separator: lineEnd)
    }

    /// As nginx writes it: everything but letters, digits and four signs is encoded.
    private static func encoded(_ text: String) -> String {
        text.utf8.map { octet in
            switch octet {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: String(UnicodeScalar(octet))
            default: "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
            }
        }.joined()
    }

    private static func origin(
        _ fields: [(name: String, value: String)],
        from peer: String = "10.1.2.3",
        as field: TrustedProxies.CertificateField? = .rfc9440,
        addresses: TrustedProxies.AddressField? = .forwardedFor
    ) -> RequestOrigin {
        TrustedProxies(networks: self.networks, certificateField: field, addressField: addresses).origin(
            of: HTTPRequest(
                method: .post,
                path: "/",
                headers: HTTPHeaders(fields),
                remoteAddress: peer,
                clientCertificate: self.ownCertificate,
                isTLS: true
            )
        )
    }

    private static func isUnusable(_ origin: RequestOrigin) -> Bool {
        if case .unusable = origin.certificate { true } else { false }
    }

    @Test(
        "a proxy's word is taken for its client's certificate, in the form that is configured",
        arguments: ["10.1.2.3", "2001:db8:1::7", "::ffff:10.0.0.1"]
    )
    func forwarded(peer: String) {
        let rfc9440 = Self.origin([("client-cert", ":\(Self.base64(Self.der)):")], from: peer)
        #expect(rfc9440.certificate == .forwarded(Self.der))
        for lineEnd in ["\n", "\r\n"] {
            let value = Self.encoded(Self.pem(Self.der, lineEnd: lineEnd))
            let nginx = Self.origin([("X-SSL-Client-Cert", value)], from: peer, as: .nginx)
            #expect(nginx.certificate == .forwarded(Self.der))
        }
        // nginx leaves the signs of base64 alone in some of its versions.
        let plain = Self.encoded(Self.pem(Self.der)).replacing("%2B", with: "+").replacing("%2F", with: "/")
        #expect(Self.origin([("X-SSL-Client-Cert", plain)], from: peer, as: .nginx).certificate == .forwarded(Self.der))
    }

    @Test(
        "from any other peer the fields mean nothing, and the connection's own certificate counts",
        arguments: ["192.0.2.7", "2001:db8:2::7", "unknown", ""]
    )
    func stranger(peer: String) {
        let fields = [
            (name: "Client-Cert", value: ":\(Self.base64(Self.der)):"),
            (name: "X-Forwarded-For", value: "198.51.100.1"),
        ]
        let origin = Self.origin(fields, from: peer)
        #expect(origin.certificate == .connection(Self.ownCertificate))
        #expect(origin.sourceAddress == peer)
    }

    @Test(
        "the certificate that a proxy itself connects with is nobody's",
        arguments: TrustedProxies.CertificateField.allCases
    )
    func proxysOwn(field: TrustedProxies.CertificateField) {
        #expect(Self.origin([], as: field).certificate == .none)
        #expect(Self.origin([], as: nil).certificate == .none)
        let other: TrustedProxies.CertificateField = field == .nginx ? .rfc9440 : .nginx
        let values = [":\(Self.base64(Self.der)):", Self.encoded(Self.pem(Self.der))]
        for value in values { #expect(Self.origin([(other.name, value)], as: field).certificate == .none) }
        #expect(Self.origin([(field.name, values[0])], as: nil).certificate == .none)
    }

    @Test("nginx's empty field says that there was none")
    func empty() {
        #expect(Self.origin([("X-SSL-Client-Cert", "")], as: .nginx).certificate == .none)
        #expect(Self.isUnusable(Self.origin([("Client-Cert", "")])))
    }

    @Test("what is not exactly one certificate in its one spelling is not used")
    func hostile() {
        let good = Self.base64(Self.der)
        let unpadded = Self.base64([0x30, 0x01, 0x00, 0x00]).dropLast(2)
        for value in [
            good, ":\(good)", "\(good):", "::", ":", ":\(good):;a=1", ":\(good):, :\(good):", ": \(good):",
            ":\(good.prefix(40)) \(good.dropFirst(40)):", ":\(good.prefix(40))!\(good.dropFirst(41)):", ":\(unpadded):",
            ":\(good.dropLast(4)):", ":\(Self.base64(Self.der + [0])):", ":\(Self.base64(Self.der.dropLast())):",
            ":\(Self.base64([0x31] + Self.der.dropFirst())):", ":\(Self.base64([0x30, 0x80, 0, 0])):", ":MAB=:",
            ":\(Self.base64([0x30, 0x83, 0x00, 0x02, 0x00] + Self.der.dropFirst(4))):", ":MA==:", ":====:",
            ":\(Self.base64([0x30, 0x81, 0x02, 0x00, 0x00])):", ":\(Self.base64([0x30, 0x84, 0, 0, 2, 0] + Self.der)):",
            ":\(Self.base64([0x30, 0x82, 0x40, 0x00] + [UInt8](repeating: 0, count: 0x4000))):",
            Self.encoded(Self.pem(Self.der)),
        ] {
            #expect(Self.isUnusable(Self.origin([("Client-Cert", value)])), "\(value.prefix(60))")
        }
        let pem = Self.pem(Self.der)
        for text in [
            pem + pem, "\n" + pem, pem + "\n", pem + "x", pem.replacing("CERTIFICATE", with: "TRUSTED CERTIFICATE"),
            pem.replacing("-----END CERTIFICATE-----\n", with: ""), pem.replacing("\n", with: ""),
            pem.replacing("-----BEGIN CERTIFICATE-----\n", with: "-----BEGIN CERTIFICATE-----\nProc-Type: 4\n\n"),
            Self.pem(Self.der + [0]), Self.pem([]), good, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        ] {
            #expect(Self.isUnusable(Self.origin([("X-SSL-Client-Cert", Self.encoded(text))], as: .nginx)), "\(text)")
        }
        for value in [Self.encoded(pem) + "%", Self.encoded(pem) + "%0", "%zz" + Self.encoded(pem), "%00", "(null)"] {
            #expect(Self.isUnusable(Self.origin([("X-SSL-Client-Cert", value)], as: .nginx)), "\(value.suffix(60))")
        }
    }

    @Test(
        "two fields are one too many, even of the same certificate",
        arguments: TrustedProxies.CertificateField.allCases
    )
    func twice(field: TrustedProxies.CertificateField) {
        let value = field == .nginx ? Self.encoded(Self.pem(Self.der)) : ":\(Self.base64(Self.der)):"
        #expect(Self.origin([(field.name, value)], as: field).certificate == .forwarded(Self.der))
        let fields = [(name: field.name, value: value), (name: field.name.uppercased(), value: value)]
        #expect(Self.isUnusable(Self.origin(fields, as: field)))
        #expect(Self.isUnusable(Self.origin([(field.name, ""), (field.name, value)], as: field)))
    }

    @Test(
        "the source is the last address that no trusted proxy owns",
        arguments: [
            (["198.51.100.1"], "198.51.100.1"), (["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            (["203.0.113.9", "198.51.100.1, 10.9.9.9"], "198.51.100.1"), (["2001:db8::1"], "2001:db8::1"),
            (["198.51.100.1:4711"], "198.51.100.1"), (["[2001:db8::1]:4711"], "2001:db8::1"),
            (["[2001:db8::1]"], "2001:db8::1"), (["::ffff:198.51.100.1"], "198.51.100.1"),
            (["10.4.4.4"], "10.4.4.4"), (["10.4.4.4,10.5.5.5"], "10.4.4.4"),
            // Nobody in the way is followed past what cannot be read.
            ([], "10.1.2.3"), ([""], "10.1.2.3"), (["unknown"], "10.1.2.3"), (["198.51.100.1, "], "10.1.2.3"),
            (["198.51.100.1, junk, 10.5.5.5"], "10.5.5.5"), (["198.51.100.1:port"], "10.1.2.3"),
            (["[2001:db8::1]x"], "10.1.2.3"), (["[198.51.100.1]"], "10.1.2.3"), (["2001:db8::1]:1"], "10.1.2.3"),
        ]
    )
    func source(fields: [String], source: String) {
        #expect(Self.origin(fields.map { ("X-Forwarded-For", $0) }).sourceAddress == source)
        #expect(Self.origin(fields.map { ("X-Forwarded-For", $0) }, addresses: nil).sourceAddress == "10.1.2.3")
    }

    @Test("a list without end is not followed to its end")
    func hops() {
        let list = (["198.51.100.1"] + (0..<100).map { "10.0.0.\($0)" }).joined(separator: ",")
        #expect(Self.origin([("X-Forwarded-For", list)]).sourceAddress == "10.0.0.84")
    }
}
