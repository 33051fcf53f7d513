import Testing

@testable import DeviceSimulator

@Suite("What the device accepts as a provisioning document")
struct ProvisioningDocumentTests {
    @discardableResult
    private func read(
        _ text: String,
        type: DeviceProfile.EnrollmentType = .full
    ) throws -> ProvisioningDocument {
        try ProvisioningDocument(Array(text.utf8), type: type, Judge(step: .enroll))
    }

    @Test("a good one gives certificates and account", arguments: DeviceProfile.EnrollmentType.allCases)
    func good(type: DeviceProfile.EnrollmentType) throws {
        let document = try self.read(GoldenAnswers.document(store: type.store), type: type)
        #expect(document.roots == [Array("root".utf8)])
        #expect(document.intermediates == [Array("issuer".utf8)])
        #expect(document.certificate == Array("leaf".utf8))
        #expect(document.renewalPeriod == 60)
        #expect(document.account.providerID == "Example")
        #expect(document.account.entDMID == "6b1f0f0e")
        #expect(document.account.userPrincipalName == "kim@example.test")
        #expect(document.account.address == "https://manage.example.test/omadm")
    }

    @Test("the store has to fit the enrollment type")
    func store() throws {
        let deviation = #expect(throws: Deviation.self) {
            try self.read(GoldenAnswers.document(store: "System"), type: .full)
        }
        #expect(deviation?.rule == .clientStore)
    }

    @Test(
        "one thing wrong is named",
        arguments: [
            Mutation("</wap-provisioningdoc>", "", .document),
            Mutation("<characteristic type=\"DMClient\">", "\n<characteristic type=\"DMClient\">", .singleLine),
            Mutation("version=\"1.1\"", "version=\"1.0\"", .documentShape),
            Mutation("<parm name=\"APPID\"", "<other/><parm name=\"APPID\"", .documentShape),
            Mutation("<parm name=\"APPID\" value=\"w7\"/>", "<parm name=\"APPID\" value=\"w4\"/>", .applicationID),
            Mutation(
                "<characteristic type=\"APPLICATION\">",
                "<characteristic type=\"RootCATrustedCertificates\"/><characteristic type=\"APPLICATION\">",
                .noTopLevelRoots
            ),
            Mutation("<characteristic type=\"Root\">", "<characteristic type=\"root\">", .rootStore),
            Mutation("value=\"cm9vdA==\"", "value=\"cm9v dA==\"", .encodedCertificate),
            Mutation("value=\"cm9vdA==\"", "value=\"cm9vdB==\"", .encodedCertificate),
            Mutation("value=\"cm9vdA==\"", "value=\"cm9vdHM=\"", .thumbprint),
            Mutation("type=\"DC76E9F0", "type=\"dc76e9f0", .thumbprint),
            Mutation("<characteristic type=\"PrivateKeyContainer\"/>", "", .privateKeyContainer),
            Mutation(
                "value=\"bGVhZg==\"/></characteristic><characteristic type=\"PrivateKeyContainer\"/>",
                "value=\"bGVhZg==\"/><characteristic type=\"PrivateKeyContainer\"/></characteristic>",
                .privateKeyContainer
            ),
            Mutation(
                "value=\"true\" datatype=\"boolean\"/><parm name=\"RenewPeriod\"",
                "value=\"true\"/><parm name=\"RenewPeriod\"",
                .renewalDatatypes
            ),
            Mutation("value=\"60\" datatype=\"integer\"", "value=\"60\" datatype=\"string\"", .renewalDatatypes),
            Mutation("value=\"60\" datatype", "value=\"0\" datatype", .renewalPeriod),
            Mutation("value=\"4\" datatype", "value=\"61\" datatype", .renewalPeriod),
            Mutation("<characteristic type=\"WSTEP\">", "<characteristic type=\"Wstep\">", .renewalPeriod),
            Mutation("<characteristic type=\"Example\">", "<characteristic type=\"Other\">", .providerID),
            Mutation("https://manage", "http://manage", .managementAddress),
            Mutation("<parm name=\"BACKCOMPATRETRYDISABLED\"/>", "<parm name=\"INIT\"/>", .applicationID),
            Mutation("value=\"CLIENT\"", "value=\"APPSRV\"", .authentications),
            Mutation(
                "AAUTHTYPE\" value=\"DIGEST\"/><parm name=\"AAUTHSECRET",
                "AAUTHTYPE\" value=\"BASIC\"/><parm name=\"AAUTHSECRET",
                .authentications
            ),
            Mutation("<parm name=\"AAUTHNAME\" value=\"device\"/>", "", .authentications),
            Mutation("value=\"two\"", "value=\"one\"", .authentications),
            Mutation("<parm name=\"AAUTHDATA\" value=\"AAECAwQFBgcICQoLDA0ODw==\"/>", "", .nonce),
            Mutation("AAECAwQFBgcICQoLDA0ODw==", "nonce", .nonce),
            Mutation("AAECAwQFBgcICQoLDA0ODw==", "AAECAwQFBgc=", .nonce),
            Mutation("AAECAwQFBgcICQoLDA0ODw==", "EBESExQVFhcYGRobHB0eHw==", .distinctNonces),
            Mutation("EntDMID", "EntDeviceName", .entDMID),
            Mutation("value=\"5\" datatype", "value=\"0\" datatype", .poll),
            Mutation("value=\"15\" datatype=\"integer\"", "value=\"15\"", .poll),
            Mutation("value=\"10\" datatype", "value=\"0\" datatype", .poll),
            Mutation("PollOnLogin\" value=\"true\"", "PollOnLogin\" value=\"True\"", .poll),
        ]
    )
    func mutations(mutation: Mutation) throws {
        let deviation = #expect(throws: Deviation.self) {
            try self.read(mutation.apply(to: GoldenAnswers.document()))
        }
        #expect(deviation?.rule == mutation.rule)
    }
}
