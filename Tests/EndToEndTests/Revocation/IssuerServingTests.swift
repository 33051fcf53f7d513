import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("Issuers' certificates over HTTP", .timeLimit(.minutes(25)))
struct IssuerServingTests {
    @Test("are found where the certificate says, in DER and PEM, and lead from a device to the root")
    func chain() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            let place = gatehouse.place
            let address = try await place.facts(of: device.certificate).issuer
            let der = try await gatehouse.get(address)
            #expect(der.status == 200)
            #expect(der["Content-Type"] == "application/pkix-cert")
            #expect(der["ETag"] != nil)
            #expect(der.body == device.issuers[0])
            let pem = try await gatehouse.get(address.replacing(".cer", with: ".pem"))
            #expect(pem["Content-Type"] == "application/x-pem-file")
            let roots = try await gatehouse.get("/pki/roots.pem")
            #expect(roots["Content-Type"] == "application/x-pem-file")

            let leaf = try place.files(of: device).leaf
            let issuer = try place.keep(pem.body, as: "fetched-issuer.pem")
            let anchor = try place.keep(roots.body, as: "fetched-roots.pem")
            let verdict = try await ExternalCommand.run(
                "openssl",
                ["verify", "-x509_strict", "-CAfile", anchor, "-untrusted", issuer, leaf]
            )
            #expect(verdict.status == 0, "\(verdict.output)")
            // The issuer names the root's place in the same way.
            let above = try await gatehouse.get(try await place.facts(of: device.issuers[0]).issuer)
            #expect(above.body == device.issuers[1])
            #expect(above["Content-Type"] == "application/pkix-cert")
        }
    }

    @Test("of nobody we know are not found, and nothing else can be had there")
    func unknown() async throws {
        try await RunningGatehouse.serve { gatehouse in
            for wrong in [
                "/pki/issuer/nobody.cer", "/pki/issuer/", "/pki/", "/pki/roots.cer", "/pki/issuer/%2froots.pem",
                "/EnrollmentServer/Enrollment.svc",
            ] {
                let status = try await gatehouse.get(wrong).status
                #expect(status == 404 || status == 400, "\(wrong): \(status)")
            }
            #expect(try await gatehouse.get("/EnrollmentServer/Discovery.svc").status == 200)
        }
    }
}
