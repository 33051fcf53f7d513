internal import TLSTransport

/// Proxies in front of the service whose word is taken for who their clients are.
///
/// From any other peer the same fields mean nothing. The certificate that a proxy itself connects with is never taken for
/// a device's.
package struct TrustedProxies: Hashable, Sendable {
    /// How a proxy hands on the certificate that its client proved the key of.
    package enum CertificateField: String, Hashable, Sendable, CaseIterable {
        /// `Client-Cert: :<base64 of DER>:` (RFC 9440).
        case rfc9440
        /// `X-SSL-Client-Cert: <URL-encoded PEM>`, from nginx's `$ssl_client_escaped_cert`.
        case nginx

        package var name: String {
            switch self {
            case .rfc9440: "Client-Cert"
            case .nginx: "X-SSL-Client-Cert"
            }
        }
    }

    /// How a proxy hands on the address of its client.
    package enum AddressField: String, Hashable, Sendable, CaseIterable {
        /// A list to which every proxy adds the address of its own client at the end.
        case forwardedFor = "x-forwarded-for"
    }

    /// Proxies one after the other that are followed, at most.
    private static let mostHops = 16

    /// The proxies' own addresses.
    package let networks: [IPNetwork]
    /// `nil` for proxies that hand no certificate on.
    package let certificateField: CertificateField?
    /// `nil` for proxies that hand no address on, so that devices appear under the proxy's.
    package let addressField: AddressField?

    package init(
        networks: [IPNetwork],
        certificateField: CertificateField? = nil,
        addressField: AddressField? = nil
    ) {
        self.networks = networks
        self.certificateField = certificateField
        self.addressField = addressField
    }

    /// Says who a request comes from.
    package func origin(of request: HTTPRequest) -> RequestOrigin {
        guard let peer = IPAddress(request.remoteAddress), self.trusts(peer) else {
            return RequestOrigin(
                sourceAddress: request.remoteAddress,
                certificate: request.clientCertificate == .none ? .none : .connection(request.clientCertificate)
            )
        }
        return RequestOrigin(
            sourceAddress: self.source(of: request, behind: peer),
            certificate: self.certificate(in: request.headers)
        )
    }

    /// Whether a request comes from one of them.
    package func isTrusted(_ request: HTTPRequest) -> Bool {
        IPAddress(request.remoteAddress).map(self.trusts) ?? false
    }

    private func trusts(_ address: IPAddress) -> Bool {
        self.networks.contains { $0.contains(address) }
    }

    /// The last address in the list that is not a trusted proxy's own: what stands before it, its owner may have made up.
    private func source(of request: HTTPRequest, behind peer: IPAddress) -> String {
        guard self.addressField == .forwardedFor else { return "\(peer)" }
        var source = peer
        let hops = request.headers.values(of: "X-Forwarded-For").reversed().lazy
            .flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).reversed() }
        for hop in hops.prefix(Self.mostHops) {
            guard let address = Self.address(in: hop) else { break }
            source = address
            guard self.trusts(address) else { break }
        }
        return "\(source)"
    }

    /// Reads `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
    private static func address(in hop: Substring) -> IPAddress? {
        let octets = Array(hop.utf8)
        let text = String(decoding: octets[ASCII.trimmed(octets, 0..<octets.count)], as: UTF8.self)
        if let address = IPAddress(text) { return address }
        if text.first == "[" {
            let inside = text.dropFirst().prefix { $0 != "]" }
            guard inside.contains(":"), inside.endIndex < text.endIndex else { return nil }
            let rest = text[inside.endIndex...].dropFirst()
            return rest.isEmpty || Self.isPort(rest) ? IPAddress(inside) : nil
        }
        guard let colon = text.firstIndex(of: ":"), Self.isPort(text[colon...]) else { return nil }
        return IPAddress(text[..<colon])
    }

    private static func isPort(_ text: Substring) -> Bool {
        (2...6).contains(text.utf8.count) && text.first == ":" && text.utf8.dropFirst().allSatisfy(ASCII.isDigit)
    }

    private func certificate(in headers: HTTPHeaders) -> RequestOrigin.Certificate {
        guard let field = self.certificateField else { return .none }
        let values = headers.values(of: field.name)
        guard let value = values.first else { return .none }
        guard values.count == 1 else { return .unusable("the proxy handed on more than one \(field.name)") }
        // nginx sends the field with nothing in it, or leaves it out, where there was no certificate.
        if field == .nginx, value.isEmpty { return .none }
        guard let der = ForwardedCertificate.der(in: Array(value.utf8), as: field) else {
            return .unusable("the proxy's \(field.name) does not hold one certificate")
        }
        return .forwarded(der)
    }
}
