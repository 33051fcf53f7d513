import CurlKit
import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("CRLs over HTTP", .timeLimit(.minutes(25)))
struct CRLServingTests {
    @Test("are found where the certificate says, with what caches need to know, and not sent twice")
    func caching() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            let address = try await gatehouse.place.facts(of: device.certificate).crl
            let page = try await gatehouse.get(address)
            #expect(page.status == 200)
            #expect(page["Content-Type"] == "application/pkix-crl")
            let list = try CertificateRevocationList(der: page.body)
            #expect(try list.distributionPointURLs() == [address])
            let tag = try #require(page["ETag"])
            let modified = try #require(page["Last-Modified"])
            #expect(page["Expires"] != nil)
            #expect(page["Cache-Control"]?.hasPrefix("public, max-age=") == true)
            #expect(page["Content-Length"] == "\(page.body.count)")

            for (headers, status) in [
                ([CurlHeader("If-None-Match", tag)], 304), ([CurlHeader("If-None-Match", "\"x\", W/\(tag)")], 304),
                ([CurlHeader("If-None-Match", "*")], 304), ([CurlHeader("If-None-Match", "\"other\"")], 200),
                ([CurlHeader("If-Modified-Since", modified)], 304),
                ([CurlHeader("If-Modified-Since", "Thu, 01 Jan 2015 00:00:00 GMT")], 200),
                // The tag decides where both are given (RFC 9110 § 13.2.2).
                ([CurlHeader("If-None-Match", "\"other\""), CurlHeader("If-Modified-Since", modified)], 200),
                ([CurlHeader("If-Modified-Since", "yesterday")], 200),
            ] {
                let again = try await gatehouse.get(address, headers)
                #expect(again.status == status, "\(headers)")
                #expect(again["ETag"] == tag, "\(headers)")
                #expect(again.body == (status == 200 ? page.body : []), "\(headers)")
            }
            let head = try await gatehouse.head(address)
            #expect(head.contains("HTTP/1.1 200"), "\(head)")
            #expect(head.lowercased().contains("content-length: \(page.body.count)"), "\(head)")
            #expect(head.contains(tag), "\(head)")
        }
    }

    @Test("of an issuer or a shard that is not, or in another spelling, are not found")
    func unknown() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            let path = URL(string: try await gatehouse.place.facts(of: device.certificate).crl)?.path ?? ""
            let issuer = path.split(separator: "/").dropLast().last.map(String.init) ?? ""
            for wrong in [
                "/pki/crl/nobody/0.crl", "/pki/crl/\(issuer)/8.crl", "/pki/crl/\(issuer)/00.crl",
                "/pki/crl/\(issuer)/-1.crl", "/pki/crl/\(issuer)/0", "/pki/crl/\(issuer)/0.crl/", "/pki/crl/",
                "/pki/crl/\(issuer)/99999999999999999999.crl", "/pki/crl/\(issuer)/+0.crl", "/pki/crl//0.crl",
                "/pki/crl/\(issuer)/0.CRL", "/pki/crl/\(issuer)/0.crl%00",
            ] {
                let status = try await gatehouse.get(wrong).status
                #expect(status == 404 || status == 400, "\(wrong): \(status)")
            }
            #expect(try await gatehouse.get("/pki/crl/\(issuer)/0.crl").status == 200)
            #expect(try await gatehouse.post([], to: path, type: "text/plain").status == 405)
        }
    }

    @Test(
        "number upwards only, through kill -9 and a second process that publishes at the same time",
        arguments: StoreKind.allCases
    )
    func numbers(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let identity = try await gatehouse.device(of: "kim")
            let address = try await gatehouse.place.facts(of: identity.certificate).crl
            var newest: Int64 = 0
            func look() async throws {
                let list = try CertificateRevocationList(der: try await gatehouse.get(address).body)
                let number = try #require(try list.ownNumber())
                #expect(number >= newest)
                newest = number
            }
            try await look()
            for _ in 1...3 {
                async let one = gatehouse.place.command("crl", "publish")
                async let another = gatehouse.place.command("crl", "publish")
                for outcome in [try await one, try await another] {
                    #expect(outcome.status == 0 || outcome.output.contains(" is being made by "), "\(outcome.output)")
                }
                let before = newest
                try await gatehouse.wait(for: "a newer CRL") {
                    try await look()
                    return newest > before
                }
                // In the middle of a publication, as like as not.
                async let cut = gatehouse.place.command("crl", "publish")
                gatehouse.signal(SIGKILL)
                #expect(try await gatehouse.end() == -1)
                _ = try await cut
                try await gatehouse.start()
                try await look()
            }
            let audit = StoreAudit(gatehouse.place)
            try await audit.expectSound()
            #expect(try await audit.backwardCRLs() == 0)
        }
    }
}

extension RunningGatehouse {
    /// The head of the answer to HEAD.
    fileprivate func head(_ address: String) async throws -> String {
        try await ExternalCommand.run(
            "curl",
            ["-sS", "-I", "--noproxy", "*", "--max-time", "10"]
                + ["--resolve", self.place.plainResolution, address]
        ).output
    }
}
