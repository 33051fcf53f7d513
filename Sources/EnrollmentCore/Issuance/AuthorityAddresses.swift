/// Where what belongs to an issuer is published.
///
/// Every URL carries the issuer's id, so it outlives a change of issuer.
public struct AuthorityAddresses: Hashable, Sendable {
    /// Scheme and host of the plain listener, `http://pki.corp.example`, without a slash at the end.
    public let base: String
    /// Into how many CRLs an issuer's certificates are divided.
    public let shardCount: Int

    public init(base: String, shardCount: Int) {
        self.base = base
        self.shardCount = shardCount
    }

    /// Which of its issuer's CRLs would list `serialNumber`; fixed at issue.
    public func shard(of serialNumber: SerialNumber) -> Int {
        Int(serialNumber.octets.last ?? 0) % self.shardCount
    }

    /// Where the CRL of that shard is.
    public func crl(of shard: CRLShard) -> String {
        "\(self.base)/pki/crl/\(shard.issuerID)/\(shard.number).crl"
    }

    /// The CRL on which `serialNumber` would appear.
    public func crl(issuer: String, serialNumber: SerialNumber) -> String {
        self.crl(of: CRLShard(issuerID: issuer, number: self.shard(of: serialNumber)))
    }

    /// The OCSP responder.
    public func ocsp(issuer: String) -> String {
        "\(self.base)/pki/ocsp/\(issuer)"
    }

    /// The issuer's certificate.
    public func certificate(of issuer: String) -> String {
        "\(self.base)/pki/issuer/\(issuer).cer"
    }

    /// Every certificate of the issuer's key in one file: its own, and the links to it.
    public func bundle(of issuer: String) -> String {
        "\(self.base)/pki/issuer/\(issuer).p7c"
    }
}
