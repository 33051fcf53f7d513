internal import EnrollmentCore
internal import OpenSSLKit
internal import ServiceRuntime

/// Where keys are made and opened, off the cooperative pool: RSA keys take up to a second to make, and a party with one
/// makes another for its trials.
actor KeyBench {
    private let executor = BlockingExecutor(label: "gatehouse.keys")

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    func open(_ record: IssuerRecord, from keys: any IssuerKeySource) throws(EnrollmentError) -> SigningParty {
        try SigningParty(
            id: record.id,
            key: try keys.key(of: record),
            certificate: record.certificate
        )
    }

    func generate(_ type: KeyType) throws(EnrollmentError) -> SigningKey {
        try library("service.key") { () throws(OpenSSLError) in try SigningKey.generate(type) }
    }
}
