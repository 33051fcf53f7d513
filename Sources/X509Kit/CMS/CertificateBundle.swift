internal import SwiftASN1

/// Certificates in a CMS message that nobody signed: `application/pkcs7-mime`, files `.p7c` (RFC 5652 § 5.1, RFC 5280
/// § 4.2.2.1).
public enum CertificateBundle {
    /// A SignedData without content and without signers.
    ///
    /// - Parameter certificates: DER each; DER sorts the members of a set, so their order is lost.
    /// - Returns: The ContentInfo, DER.
    /// - Throws: ``X509Error`` for something that is no certificate.
    public static func encoded(_ certificates: [[UInt8]]) throws(X509Error) -> [UInt8] {
        for certificate in certificates { _ = try Certificate(der: certificate) }
        return try asX509Error("certificate bundle") {
            var coder = DER.Serializer()
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(OID.signedData)
                try coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
                    try coder.appendConstructedNode(identifier: .sequence) { coder in
                        // RFC 5652 § 5.1: version 1, of id-data.
                        try coder.serialize(1)
                        coder.appendConstructedNode(identifier: .set) { _ in }
                        try coder.appendConstructedNode(identifier: .sequence) { try $0.serialize(OID.data) }
                        coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
                            for certificate in Set(certificates).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                                coder.serializeRawBytes(certificate)
                            }
                        }
                        coder.appendConstructedNode(identifier: .set) { _ in }
                    }
                }
            }
            return coder.serializedBytes
        }
    }
}
