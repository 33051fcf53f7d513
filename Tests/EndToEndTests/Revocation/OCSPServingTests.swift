import CurlKit
import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("OCSP over HTTP", .timeLimit(.minutes(25)))
struct OCSPServingTests {
    @Test(
        "answers GET and POST, with the issuer in the path and without, in every spelling of base64",
        arguments: StoreKind.allCases
    )
    func ways(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            let place = try await gatehouse.place.facts(of: device.certificate).ocsp
            // A number whose question has both symbols that addresses write otherwise, and padding.
            var question = try OCSPQuestion(device)
            var bare = ""
            while !bare.contains("/") || !bare.contains("+") || !bare.hasSuffix("=") {
                let serial = [1] + (0..<Int.random(in: 14...16)).map { _ in UInt8.random(in: 0...255) }
                question = try OCSPQuestion([serial], of: device.issuers[0])
                bare = Data(question.der).base64EncodedString()
            }
            for base in ["\(gatehouse.place.plainURL)/pki/ocsp", place] {
                for spelling in [
                    question.path, bare, bare.replacing("/", with: "%2f"), bare.replacing("=", with: ""),
                    bare.replacing("/", with: "%2F"),
                ] {
                    let page = try await gatehouse.get("\(base)/\(spelling)")
                    #expect(page.status == 200, "\(spelling)")
                    #expect(page["Content-Type"] == "application/ocsp-response")
                    let answer = try OCSPResponse(der: page.body)
                    #expect(answer.singles.map(\.status) == [.unknown], "\(spelling)")
                }
                #expect(try await gatehouse.ask(question, at: base).singles.map(\.status) == [.unknown])
                #expect(try await gatehouse.ask(try OCSPQuestion(device), at: base).singles.map(\.status) == [.good])
            }
            let good = try await gatehouse.get("\(place)/\(try OCSPQuestion(device).path)")
            #expect(good["Cache-Control"]?.hasPrefix("public, max-age=") == true)
            #expect(good["ETag"] != nil && good["Last-Modified"] != nil && good["Expires"] != nil)
        }
    }

    @Test(
        "repeats a nonce, takes either digest, answers for several certificates, and knows what is not its own",
        arguments: StoreKind.allCases
    )
    func questions(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let (kim, zoe) = (try await gatehouse.device(of: "kim"), try await gatehouse.device(of: "zoe"))
            for hash in OCSPCertificateID.HashAlgorithm.allCases {
                var question = try OCSPQuestion(kim, by: hash)
                question.nonce = Array("thirty-two octets, as many clients".utf8.prefix(32))
                let answer = try await gatehouse.ask(question)
                #expect(answer.nonce == question.nonce)
                #expect(answer.singles.map(\.status) == [.good])
                question.nonce = nil
                question.certificateIDs += try OCSPQuestion(zoe, by: hash).certificateIDs
                question.certificateIDs += try OCSPQuestion([[1, 2, 3]], of: kim.issuers[0], by: hash).certificateIDs
                let three = try await gatehouse.ask(question)
                #expect(three.singles.map(\.status) == [.good, .good, .unknown])
                #expect(three.singles.map { DERElement($0.certificateID.der) } == question.certificateIDs)
            }
            // The issuer's own certificate is the root's to answer for.
            let issuer = try Certificate(der: kim.issuers[0])
            let above = try await gatehouse.ask(try OCSPQuestion([issuer.serialNumber], of: kim.issuers[1]))
            #expect(above.singles.map(\.status) == [.good])
            let foreign = try await CommandLineAuthority()
            let stranger = try OCSPQuestion([[1]], of: try await Self.der(of: foreign.issuer.certificateFile))
            #expect(try await gatehouse.ask(stranger).refusal == .unauthorized)
            var mixed = try OCSPQuestion(kim)
            mixed.certificateIDs += stranger.certificateIDs
            #expect(try await gatehouse.ask(mixed).refusal == .unauthorized)
        }
    }

    @Test("what is no request gets the protocol's own error, or none at all when it is no attempt at one")
    func malformed() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            let good = try OCSPQuestion(device).der
            var tooLong = try OCSPQuestion(device)
            tooLong.nonce = [UInt8](repeating: 7, count: 129)
            var noNonce = try OCSPQuestion(device)
            noNonce.nonce = []
            let many = try OCSPQuestion((1...17).map { [UInt8($0)] }, of: device.issuers[0])
            for wrong in [
                [], [0], Array(good.dropLast()), good + [0], [0x30, 0x80], tooLong.der, noNonce.der, many.der,
                [0x30, 0x84, 0xff, 0xff, 0xff, 0xff], [UInt8](repeating: 0x30, count: 8_000),
                DERElement.sequence([.sequence([.sequence([])])]).octets,
            ] {
                let answer = try await gatehouse.ask(wrong)
                #expect(answer.refusal == .malformedRequest, "\(wrong.prefix(20))")
            }
            for wrong in ["MAo", "M", "MAA=", "MIIBIjANBg!"] {
                let page = try await gatehouse.get("/pki/ocsp/\(wrong)")
                #expect(page.status == 200, "\(wrong)")
                #expect(try OCSPResponse(der: page.body).refusal == .malformedRequest, "\(wrong)")
            }
            for wrong in ["nobody", "nobody/\(try OCSPQuestion(device).path)", ""] {
                #expect(try await gatehouse.get("/pki/ocsp/\(wrong)").status == 404, "\(wrong)")
            }
            #expect(try await gatehouse.post(good, to: "/pki/ocsp", type: "text/plain").status == 415)
            let nobody = try await gatehouse.post(good, to: "/pki/ocsp/nobody", type: "application/ocsp-request")
            #expect(nobody.status == 404 || nobody.status == 405)
            let huge = [UInt8](repeating: 0x30, count: 6 << 20)
            #expect(try await gatehouse.post(huge, to: "/pki/ocsp", type: "application/ocsp-request").status == 413)
            let long = String(repeating: "MIIB", count: 20_000)
            #expect([400, 414, 431].contains(try await gatehouse.get("/pki/ocsp/\(long)").status))
            #expect(try await gatehouse.status(of: device) == .good)
        }
    }

    @Test("convinces openssl and GnuTLS, which have nothing but the root and the addresses in the certificate")
    func outsiders() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            let place = gatehouse.place
            let files = try place.files(of: device)
            for options in [[], ["-sha256"], ["-no_nonce"]] {
                let verdict = try await ExternalCommand.run(
                    "openssl",
                    ["ocsp"] + options + ["-issuer", files.issuer, "-cert", files.leaf, "-CAfile", place.rootFile.path]
                        + ["-url", "http://127.0.0.1:\(place.plainPort)/pki/ocsp"]
                )
                #expect(verdict.output.contains("Response verify OK"), "\(verdict.output)")
                #expect(verdict.output.contains("\(files.leaf): good"), "\(verdict.output)")
            }
            let gnu = try await ExternalCommand.run(
                "ocsptool",
                ["--ask=http://127.0.0.1:\(place.plainPort)/pki/ocsp", "--load-cert", files.leaf]
                    + ["--load-issuer", files.issuer, "--load-trust", files.issuer]
            )
            #expect(gnu.status == 0, "\(gnu.output)")
            #expect(gnu.output.contains("Certificate Status: good"), "\(gnu.output)")
        }
    }

    private static func der(of pem: String) async throws -> [UInt8] {
        let file = pem + ".der"
        try await CommandLineAuthority.openssl(["x509", "-in", pem, "-outform", "DER", "-out", file])
        return Array(try Data(contentsOf: URL(filePath: file)))
    }
}
