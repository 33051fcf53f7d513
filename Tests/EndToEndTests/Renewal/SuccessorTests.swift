import DeviceSimulator
import Foundation
import Testing
import X509Kit

@Suite("Renewal across issuers", .timeLimit(.minutes(25)))
struct SuccessorTests {
    @Test("a certificate of the issuer before is renewed by the next, which the device is given and knows from then on")
    func succession() async throws {
        try await RunningGatehouse.serve(.renewable) { gatehouse in
            let old = try await gatehouse.device(of: "kim")
            #expect(try await gatehouse.stop() == 0)
            try await gatehouse.place.foundSuccessor()
            try await gatehouse.start()
            #expect(try await gatehouse.status(of: old) == .good)

            // Not seen with it, so not known to have what came with it: it is given everything once more.
            let unseen = try await gatehouse.renew(old, makesContact: false)
            let new = try await gatehouse.renew(old)
            for renewed in [unseen, new] {
                #expect(renewed.issuers.count == 2)
                #expect(renewed.issuers[0] != old.issuers[0] && renewed.issuers[1] != old.issuers[1])
                #expect(renewed.intermediates.contains(renewed.issuers[0]))
                #expect(renewed.roots.contains(renewed.issuers[1]))
                let document = String(decoding: renewed.document, as: UTF8.self)
                #expect(document.contains(Data(renewed.issuers[1]).base64EncodedString()))
            }
            #expect(try await gatehouse.place.facts(of: new.certificate).crl.contains("/pki/crl/S1/"))
            #expect(try await gatehouse.status(of: new) == .good)
            try await gatehouse.wait(for: "superseded, says the former issuer") {
                guard case .revoked(_, .superseded)? = try await gatehouse.status(of: old) else { return false }
                return true
            }
            let latest = try await gatehouse.renew(new)
            let document = String(decoding: latest.document, as: UTF8.self)
            #expect(!document.contains(Data(latest.issuers[1]).base64EncodedString()), "it is known to have it")
            try await StoreAudit(gatehouse.place).expectSound()
        }
    }
}
