internal import EnrollmentCore
internal import Glibc

/// Tells addresses from host names.
package enum ServerName {
    /// Whether `text` is an IPv4 or IPv6 address.
    package static func isAddress(_ text: String) -> Bool {
        self.addressOctets(text) != nil
    }

    static func alternativeName(_ name: String) -> CertificateDraft.AlternativeName {
        self.addressOctets(name).map { .address($0) } ?? .dns(name)
    }

    /// 4 or 16 octets in network order; `nil` when `text` is not an address.
    static func addressOctets(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var octets = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &octets) == 1 { return octets }
        }
        return nil
    }
}
