internal import OpenSSLKit

/// The certificate stores of a provisioning document ([MS-MDE2] § 2.2.9.2).
enum CertificateStore {
    static func certificates(in stores: [Characteristic], _ judge: Judge) throws(Deviation) -> [[UInt8]] {
        var result: [[UInt8]] = []
        for node in stores.flatMap(\.children) { result.append(try self.certificate(in: node, judge)) }
        return result
    }

    /// A node that is named after the certificate in it.
    static func certificate(in node: Characteristic, _ judge: Judge) throws(Deviation) -> [UInt8] {
        let text = try judge.unwrap(node.value("EncodedCertificate"), .encodedCertificate, "EncodedCertificate")
        let der = try judge.unwrap(
            Base64.decode(text.utf8),
            .encodedCertificate,
            "base64 without line breaks",
            found: "\(text.utf8.count) symbols with something else among them"
        )
        let thumbprint: String
        do throws(OpenSSLError) {
            thumbprint = Hexadecimal.upper(try Digest.sha1(der))
        } catch {
            throw Deviation(judge.step, .thumbprint, expected: "SHA-1 of the certificate", found: "\(error)")
        }
        try judge.require(
            node.type == thumbprint,
            .thumbprint,
            "\(thumbprint), the SHA-1 of the certificate in it",
            found: node.type
        )
        return der
    }

    /// The one store for the device's own certificate, as its enrollment type has it.
    static func own(
        in tree: Characteristic,
        type: DeviceProfile.EnrollmentType,
        _ judge: Judge
    ) throws(Deviation) -> Characteristic {
        for other in DeviceProfile.EnrollmentType.allCases where other != type {
            try judge.require(
                tree.below("CertificateStore", "My", other.store).isEmpty,
                .clientStore,
                "My/\(type.store), as EnrollmentType is \(type.rawValue)",
                found: "My/\(other.store)"
            )
        }
        let stores = tree.below("CertificateStore", "My", type.store)
        try judge.require(
            stores.count == 1,
            .clientStore,
            "one My/\(type.store), as EnrollmentType is \(type.rawValue)",
            found: "\(stores.count)"
        )
        return stores[0]
    }
}
