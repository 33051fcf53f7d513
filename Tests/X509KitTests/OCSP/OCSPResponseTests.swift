import EnrollmentTestKit
import Testing
import X509Kit

@Suite("OCSP response", .timeLimit(.minutes(25)))
struct OCSPResponseTests {
    private static let now: Int64 = 1_795_176_000

    private static func identifier(_ serial: UInt8) -> OCSPCertificateID {
        OCSPCertificateID(
            hash: .sha256,
            issuerNameHash: [UInt8](repeating: 1, count: 32),
            issuerKeyHash: [UInt8](repeating: 2, count: 32),
            serialNumber: [serial]
        )
    }

    private static let data = OCSPResponseData(
        responderKeyHash: [UInt8](repeating: 3, count: 20),
        producedAt: now,
        singles: [
            .init(certificateID: identifier(1), status: .good, thisUpdate: now, nextUpdate: now + 3_600),
            .init(certificateID: identifier(2), status: .unknown, thisUpdate: now, nextUpdate: now + 60),
            .init(
                certificateID: identifier(3),
                status: .revoked(at: now - 10, reason: .keyCompromise),
                thisUpdate: now,
                nextUpdate: now + 3_600
            ),
            .init(
                certificateID: identifier(4),
                status: .revoked(at: now - 20, reason: .unspecified),
                thisUpdate: now,
                nextUpdate: now + 3_600
            ),
        ],
        nonce: [5, 6, 7]
    )

    @Test("what is written is read back")
    func roundTrip() throws {
        let toBeSigned = try Self.data.encoded()
        let der = try OCSPResponseData.response(
            toBeSigned: toBeSigned,
            scheme: .ecdsaWithSHA256,
            signature: [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01],
            certificates: [ForgedCertificate.issuing.der]
        )
        let response = try OCSPResponse(der: der)
        #expect(response.refusal == nil)
        #expect(response.toBeSigned == toBeSigned)
        #expect(response.singles == Self.data.singles)
        #expect(response.producedAt == Self.now)
        #expect(response.responderKeyHash == Self.data.responderKeyHash)
        #expect(response.nonce == [5, 6, 7])
        #expect(response.certificates == [ForgedCertificate.issuing.der])
        #expect(response.signature.count == 8)
    }

    @Test("a refusal is five octets with its code", arguments: OCSPRefusal.allCases)
    func refusal(_ refusal: OCSPRefusal) throws {
        #expect(refusal.octets == [0x30, 3, 0x0a, 1, refusal.rawValue])
        #expect(try OCSPResponse(der: refusal.octets).refusal == refusal)
    }

    @Test("an answer cut off anywhere is refused, one with a changed octet gives a value or an error")
    func damaged() throws {
        let der = try OCSPResponseData.response(
            toBeSigned: try Self.data.encoded(),
            scheme: .ed25519,
            signature: [1],
            certificates: []
        )
        for length in der.indices {
            #expect(throws: X509Error.self) { try OCSPResponse(der: Array(der[..<length])) }
        }
        var refused = 0
        for index in der.indices {
            for value in [0x00, 0x7f, 0x80, 0x84, 0xff, der[index] ^ 1, der[index] ^ 0x20] {
                var octets = der
                octets[index] = value
                do throws(X509Error) { _ = try OCSPResponse(der: octets) } catch { refused += 1 }
            }
        }
        #expect(refused > der.count)
    }
}
