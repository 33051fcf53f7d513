internal import SwiftASN1

/// A CMC request (RFC 5272 § 3.2.1) that holds one PKCS #10 request and nothing else that asks for something.
public struct PKIData: Hashable, Sendable {
    /// The PKCS #10 request, DER; not read here.
    public let certificationRequest: [UInt8]

    /// Reads exactly one PKIData.
    ///
    /// Its controls are checked to be DER and not looked into: Windows tells there which program made the request. Other
    /// messages inside are refused, because whoever reads only one part of a request answers another one.
    ///
    /// - Throws: ``X509Error`` that says what is not as it should be.
    public init(der: [UInt8]) throws(X509Error) {
        self = try asX509Error("PKIData") {
            try DER.sequence(try StrictDER.parse(der), identifier: .sequence) { nodes in
                _ = try Self.elements(try nodes.required("controlSequence"), "controlSequence")
                let requests = try Self.elements(try nodes.required("reqSequence"), "reqSequence")
                for name in ["cmsSequence", "otherMsgSequence"] {
                    guard try Self.elements(try nodes.required(name), name).isEmpty else {
                        throw X509Error("PKIData: messages in its \(name)")
                    }
                }
                guard requests.count == 1 else { throw X509Error("PKIData: \(requests.count) requests, not one") }
                return try Self(request: requests[0])
            }
        }
    }

    private init(request: ASN1Node) throws {
        guard request.identifier == .contextSpecific(0) else {
            throw X509Error("PKIData: a request that is no PKCS #10")
        }
        var fields = try Certificate.children(request, "tcr")
        guard try fields.required("bodyPartID").identifier == .integer else {
            throw X509Error("tcr: its bodyPartID is not an INTEGER")
        }
        let wrapped = try fields.required("certificationRequest")
        guard wrapped.identifier == .sequence else { throw X509Error("tcr: a request that is no SEQUENCE") }
        try fields.end("tcr")
        self.certificationRequest = Array(wrapped.encodedBytes)
    }

    private static func elements(_ node: ASN1Node, _ name: String) throws -> [ASN1Node] {
        guard node.identifier == .sequence, case .constructed(let nodes) = node.content else {
            throw X509Error("\(name): not a SEQUENCE")
        }
        return Array(nodes)
    }
}
