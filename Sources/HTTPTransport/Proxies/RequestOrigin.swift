package import TLSTransport

/// Who a request comes from, seen through the proxies we trust.
package struct RequestOrigin: Hashable, Sendable {
    /// What is known of the certificate that the device made its connection with.
    package enum Certificate: Hashable, Sendable {
        /// The device connected to us; the handshake proved what it proved.
        case connection(PresentedCertificate)
        /// The device connected to a proxy, which vouches that it proved the key of this certificate, in DER.
        ///
        /// Whether an authority of ours issued it is still to be judged: proxies ask for a certificate without checking it
        /// often enough.
        case forwarded([UInt8])
        /// The proxy's words cannot be used; why, for the log.
        case unusable(String)
        case none
    }

    /// Address of the device as far as it is known, without port.
    package let sourceAddress: String
    package let certificate: Certificate
}
