internal import CurlKit
package import EnrollmentCore

/// How a place that gets messages is connected to.
package struct DestinationConnection: Sendable {
    /// PEM each.
    package struct ClientCertificate: Sendable {
        let chain: [UInt8]
        let key: Redacted<[UInt8]>

        /// - Parameters:
        ///   - chain: The leaf first, then what leads to its authority.
        ///   - key: Of the leaf, not encrypted.
        package init(chain: [UInt8], key: Redacted<[UInt8]>) {
            self.chain = chain
            self.key = key
        }
    }

    /// An absolute address.
    package var url: String
    /// PEM of the only authorities that its certificate may lead to; `nil` for those of the system.
    package var trustedAuthorities: [UInt8]?
    package var clientCertificate: ClientCertificate?
    /// `nil` for none, whatever the environment says.
    package var proxy: String?
    package var allowedAddresses = AllowedAddresses()
    /// For the whole of a request.
    package var timeout = Duration.seconds(20)
    /// For a connection to be made, TLS included.
    package var connectTimeout = Duration.seconds(10)
    /// Requests at once.
    package var concurrency = 16

    package init(url: String) {
        self.url = url
    }

    /// How libcurl is to connect, where of an answer of more than `largestAnswer` octets the rest is not read.
    func options(largestAnswer: Int) -> CurlOptions {
        var options = CurlOptions()
        options.trustedAuthorities = self.trustedAuthorities
        options.clientCertificate = self.clientCertificate.map { client in
            CurlOptions.ClientCertificate(certificates: client.chain, privateKey: client.key.reveal())
        }
        options.proxy = self.proxy
        options.addressGuard = self.allowedAddresses.addressGuard
        options.timeout = Self.milliseconds(self.timeout)
        options.connectTimeout = Self.milliseconds(min(self.connectTimeout, self.timeout))
        options.maximumResponseSize = largestAnswer
        options.cutsLargeResponses = true
        return options
    }

    var limits: CurlMulti.Limits { CurlMulti.Limits(total: self.concurrency, perHost: self.concurrency) }

    private static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
