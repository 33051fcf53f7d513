import EnrollmentCore
import Testing
import XMLKit

@testable import EnrollmentWire

@Suite("Provisioning document")
struct ProvisioningDocumentTests {
    private func document(
        type: EnrollmentType = .full,
        name: String? = "LAPTOP7",
        issuers: Int = 2,
        settings: ManagementSettings = Example.management
    ) throws -> XMLElement {
        let claims = DeviceClaims(
            deviceID: "x",
            enrollmentType: type,
            items: name.map { [DeviceClaims.Item(name: "DeviceName", value: $0)] } ?? []
        )
        let user = DirectoryUser(id: "1", principalName: "ada@example.net", source: "test")
        let enrollment = Example.enrollment(of: user, claims: claims, issuers: issuers)
        let document = ProvisioningDocument(
            enrollment: enrollment,
            settings: settings,
            authorityThumbprints: enrollment.authorities.map { Example.thumbprint($0.der) }
        )
        return try XMLDocument(parsing: document.octets()).root
    }

    private func paths(_ element: XMLElement, under prefix: String = "") -> [String] {
        element.children.flatMap { child -> [String] in
            let name = child.attribute(child.localName == "parm" ? "name" : "type") ?? "?"
            let path = "\(prefix)/\(name)"
            guard child.localName == "parm" else { return [path] + self.paths(child, under: path) }
            return ["\(path)=\(child.attribute("value") ?? "-") \(child.attribute("datatype") ?? "-")"]
        }
    }

    @Test(
        "certificate and empty key container go side by side into the store that the enrollment type asks for",
        arguments: [(EnrollmentType.full, "User"), (.device, "System")]
    )
    func store(_ type: EnrollmentType, _ store: String) throws {
        let paths = self.paths(try self.document(type: type))
        let thumbprint = String(repeating: "CD", count: 20)
        #expect(
            paths.contains("/CertificateStore/My/\(store)/\(thumbprint)/EncodedCertificate=bGVhZiBjZXJ0aWZpY2F0ZQ== -")
        )
        #expect(paths.contains("/CertificateStore/My/\(store)/PrivateKeyContainer"))
        #expect(paths.filter { $0.hasSuffix("/PrivateKeyContainer") }.count == 1)
    }

    @Test("the anchor goes to Root and the issuers below it to CA", arguments: [1, 2, 3])
    func trust(_ issuers: Int) throws {
        let paths = self.paths(try self.document(issuers: issuers))
        let roots = paths.filter { $0.hasPrefix("/CertificateStore/Root/System/") && $0.contains("EncodedCertificate") }
        let others = paths.filter { $0.hasPrefix("/CertificateStore/CA/System/") && $0.contains("EncodedCertificate") }
        #expect(roots.count == 1)
        #expect(others.count == issuers - 1)
        let anchor = String(decoding: Base64.encode(Array("issuer certificate \(issuers - 1)".utf8)), as: UTF8.self)
        #expect(roots.first?.contains(anchor) == true)
    }

    @Test("what Windows refuses at the top is not there, and what it needs is")
    func top() throws {
        let paths = self.paths(try self.document())
        #expect(!paths.contains { $0.contains("RootCATrustedCertificates") })
        for path in [
            "/CertificateStore/My/WSTEP/Renew/ROBOSupport=true boolean",
            "/CertificateStore/My/WSTEP/Renew/RenewPeriod=60 integer",
            "/CertificateStore/My/WSTEP/Renew/RetryInterval=4 integer",
            "/APPLICATION/APPID=w7 -",
            "/APPLICATION/PROVIDER-ID=Gatehouse -",
            "/APPLICATION/ADDR=https://mdm.example.net/omadm -",
            "/APPLICATION/BACKCOMPATRETRYDISABLED=- -",
            "/DMClient/Provider/Gatehouse/UPN=ada@example.net string",
            "/DMClient/Provider/Gatehouse/EntDeviceName=LAPTOP7 string",
            "/DMClient/Provider/Gatehouse/EntDMID=00010203-0405-4607-8809-0a0b0c0d0e0f string",
            "/DMClient/Provider/Gatehouse/Poll/NumberOfFirstRetries=5 integer",
            "/DMClient/Provider/Gatehouse/Poll/IntervalForRemainingScheduledRetries=1440 integer",
            "/DMClient/Provider/Gatehouse/Poll/PollOnLogin=true boolean",
        ] {
            #expect(paths.contains(path))
        }
    }

    @Test("both directions of account authentication come with secret and nonce of their own")
    func accounts() throws {
        let application = try #require(
            self.document().children.first { $0.attribute("type") == "APPLICATION" }
        )
        let accounts = application.children.filter { $0.attribute("type") == "APPAUTH" }.map { self.paths($0) }
        #expect(
            accounts == [
                [
                    "/AAUTHLEVEL=CLIENT -", "/AAUTHTYPE=DIGEST -", "/AAUTHSECRET=server secret -",
                    "/AAUTHDATA=c2VydmVyIG5vbmNlIDE2IQ== -",
                ],
                [
                    "/AAUTHLEVEL=APPSRV -", "/AAUTHTYPE=DIGEST -", "/AAUTHNAME=client -",
                    "/AAUTHSECRET=client secret -", "/AAUTHDATA=Y2xpZW50IG5vbmNlIDE2IQ== -",
                ],
            ]
        )
    }

    @Test("renewals go where the settings say")
    func renewalURL() throws {
        let settings = ManagementSettings(
            providerID: "Gatehouse",
            name: "Gatehouse",
            address: "https://mdm.example.net/",
            renewalURL: "https://enroll.example.net/r"
        )
        let paths = self.paths(try self.document(settings: settings))
        #expect(paths.contains("/CertificateStore/My/WSTEP/Renew/ServerURL=https://enroll.example.net/r string"))
        #expect(try !self.paths(self.document()).contains { $0.contains("ServerURL") })
    }

    @Test(
        "of several addresses the first is ADDR, and the list has them all in angle brackets; of one there is no list"
    )
    func addresses() throws {
        let branch = try #require(Example.accounts.account("Branch"))
        let paths = self.paths(try self.document(settings: branch))
        #expect(paths.contains("/APPLICATION/ADDR=https://mdm.branch.example/omadm -"))
        let list = "<https://mdm.branch.example/omadm><https://mdm2.branch.example/omadm?a=1&b=2>"
        #expect(paths.contains("/DMClient/Provider/Branch/ManagementServerAddressList=\(list) string"))
        #expect(try !self.paths(self.document()).contains { $0.contains("ManagementServerAddressList") })
    }

    @Test(
        "schedules with a name have a first set and one endless set, which is the last",
        arguments: [ManagementSettings.PollSchedule.standard, .eager, .quiet]
    )
    func schedules(_ poll: ManagementSettings.PollSchedule) {
        #expect(poll.firstRetries > 0 && poll.firstInterval > 0)
        #expect(poll.secondRetries > 0 && poll.secondInterval > poll.firstInterval)
        #expect(poll.remainingRetries == 0 && poll.remainingInterval > poll.secondInterval)
    }

    @Test("a device name of markup, line breaks and control characters stays one value on one line")
    func hostileName() throws {
        let name = "\"/><evil a='&\n\u{1}"
        let paths = self.paths(try self.document(name: name))
        #expect(paths.contains("/DMClient/Provider/Gatehouse/EntDeviceName=\"/><evil a='&\n\u{FFFD} string"))
        #expect(
            try self.paths(self.document(name: nil)).contains { $0.hasSuffix("EntDeviceName=ada@example.net string") }
        )
    }
}
