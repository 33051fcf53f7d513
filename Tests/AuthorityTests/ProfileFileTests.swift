import Authority
import EnrollmentCore
import ServiceRuntime
import Testing

/// A profile file with one mistake, and where it has to be reported.
struct WrongProfile: Sendable, CustomStringConvertible {
    let original: String
    let replacement: String
    let line: Int
    let path: String

    init(_ original: String, _ replacement: String, line: Int, path: String) {
        self.original = original
        self.replacement = replacement
        self.line = line
        self.path = path
    }

    var description: String { "\(self.path): \(self.replacement)" }
}

@Suite("Profile file")
struct ProfileFileTests {
    private static let device = """
        {
            name: "device",
            version: 1,
            role: "end-entity",
            validityDays: 365,
            backdateSeconds: 300,
            subject: { country: "DE", organizationalUnit: "Managed devices" },
            keyUsage: ["digitalSignature"],
            keyUsageForRSA: ["keyEncipherment"],
            purposes: ["clientAuth"],
            includeUserPrincipalName: true,
            renewPeriodDays: 60,
            retryIntervalDays: 4,
        }
        """

    @Test("the profiles that the product comes with are taken", arguments: ["device", "server", "issuing", "root"])
    func shipped(_ name: String) throws {
        let profile = try ShippedProfile.read(name)
        #expect(profile.name.name == name)
        #expect(profile.name.version >= 1)
    }

    @Test("a profile says what its file says")
    func values() throws {
        let profile = try ProfileFile.parse(Self.device, file: "device.json5")
        #expect("\(profile.name)" == "device/1")
        #expect(profile.validityDays == 365)
        #expect(profile.backdateSeconds == 300)
        #expect(profile.subject == [.init(.country, "DE"), .init(.organizationalUnit, "Managed devices")])
        #expect(profile.keyUsage == .digitalSignature)
        #expect(profile.keyUsageForRSA == .keyEncipherment)
        #expect(profile.purposes == [.clientAuth])
        #expect(profile.role == .endEntity)
        #expect(profile.includesUserPrincipalName)
        #expect(!profile.includesSecurityIdentifier)
        #expect(profile.renewal == RenewalSchedule(renewPeriodDays: 60, retryIntervalDays: 4))
        #expect(profile.renewAfterExpiryDays == 0)
    }

    @Test("renewal after the end is off unless the file says for how long, and for devices alone")
    func renewalAfterExpiry() throws {
        let text = Self.device.replacing("4,", with: "4, renewAfterExpiryDays: 14,")
        #expect(try ProfileFile.parse(text, file: "device.json5").renewAfterExpiryDays == 14)
        let issuing = """
            { name: "issuing", version: 1, role: "issuing", validityDays: 1826, renewAfterExpiryDays: 14,
              keyUsage: ["keyCertSign", "cRLSign"] }
            """
        for text in [text.replacing("clientAuth", with: "serverAuth"), issuing] {
            let error = #expect(throws: SettingsError.self) { try ProfileFile.parse(text, file: "wrong.json5") }
            #expect(error?.path == "renewAfterExpiryDays")
        }
    }

    @Test(
        "a mistake is reported with file, line and path",
        arguments: [
            WrongProfile(#"name: "device","#, "", line: 1, path: "name"),
            WrongProfile(#""device""#, #""""#, line: 2, path: "name"),
            WrongProfile(#""device""#, "7", line: 2, path: "name"),
            WrongProfile("version: 1,", "", line: 1, path: "version"),
            WrongProfile("version: 1", "version: 0", line: 3, path: "version"),
            WrongProfile("version: 1", "version: 1.5", line: 3, path: "version"),
            WrongProfile(#"role: "end-entity","#, "", line: 1, path: "role"),
            WrongProfile("end-entity", "leaf", line: 4, path: "role"),
            WrongProfile("365", "0", line: 5, path: "validityDays"),
            WrongProfile("365", "1097", line: 5, path: "validityDays"),
            WrongProfile("365", #""a year""#, line: 5, path: "validityDays"),
            WrongProfile("300", "-1", line: 6, path: "backdateSeconds"),
            // The incident: back-dated by the renewal period.
            WrongProfile("300", "5184000", line: 6, path: "backdateSeconds"),
            WrongProfile(#""DE""#, #""DEU""#, line: 7, path: "subject.country"),
            WrongProfile("Managed", String(repeating: "M", count: 60), line: 7, path: "subject.organizationalUnit"),
            WrongProfile("organizationalUnit", "organisationalUnit", line: 7, path: "subject.organisationalUnit"),
            WrongProfile("organizationalUnit", "commonName", line: 7, path: "subject.commonName"),
            WrongProfile("digitalSignature", "digitalsignature", line: 8, path: "keyUsage"),
            WrongProfile("digitalSignature", "keyCertSign", line: 8, path: "keyUsage"),
            WrongProfile("digitalSignature", "cRLSign", line: 8, path: "keyUsage"),
            WrongProfile(#"["digitalSignature"]"#, #""digitalSignature""#, line: 8, path: "keyUsage"),
            WrongProfile("keyEncipherment", "nonRepudiation", line: 9, path: "keyUsageForRSA"),
            WrongProfile("clientAuth", "anyExtendedKeyUsage", line: 10, path: "purposes"),
            WrongProfile(#"["clientAuth"]"#, #"["clientAuth", "serverAuth"]"#, line: 10, path: "purposes"),
            WrongProfile(#"["clientAuth"]"#, "[]", line: 10, path: "purposes"),
            WrongProfile("true", #""yes""#, line: 11, path: "includeUserPrincipalName"),
            WrongProfile("60", "0", line: 12, path: "renewPeriodDays"),
            WrongProfile("60", "365", line: 12, path: "renewPeriodDays"),
            WrongProfile("4,", "61,", line: 13, path: "retryIntervalDays"),
            WrongProfile("4,", "4, renewAfterExpiryDays: -1,", line: 13, path: "renewAfterExpiryDays"),
            WrongProfile("4,", "4, renewAfterExpiryDays: 366,", line: 13, path: "renewAfterExpiryDays"),
            WrongProfile("4,", "4, pathLength: 0,", line: 13, path: "pathLength"),
            WrongProfile("4,", "4, honorRequestedExtensions: true,", line: 13, path: "honorRequestedExtensions"),
            WrongProfile("}\n", "", line: 14, path: ""),
        ]
    )
    func mistake(_ wrong: WrongProfile) throws {
        let text = (Self.device + "\n").replacing(wrong.original, with: wrong.replacement, maxReplacements: 1)
        try #require(text != Self.device + "\n")
        let error = #expect(throws: SettingsError.self) { try ProfileFile.parse(text, file: "wrong.json5") }
        #expect(error?.file == "wrong.json5")
        #expect(error?.line == wrong.line)
        #expect(error?.path == wrong.path)
        #expect(error?.message.isEmpty == false)
    }

    @Test("a CRL signer's usage for RSA keys alone is as wrong as for all")
    func usageForRSA() {
        let text = Self.device.replacing("keyEncipherment", with: "keyCertSign")
        let error = #expect(throws: SettingsError.self) { try ProfileFile.parse(text, file: "wrong.json5") }
        #expect(error?.path == "keyUsageForRSA")
        #expect(error?.line == 9)
    }

    @Test("an authority that may not sign is refused", arguments: ["keyCertSign", "cRLSign", "digitalSignature"])
    func authority(_ usage: String) {
        let text = """
            {
                name: "issuing", version: 1, role: "issuing", validityDays: 1826,
                keyUsage: ["\(usage)"],
            }
            """
        let error = #expect(throws: SettingsError.self) { try ProfileFile.parse(text, file: "issuing.json5") }
        #expect(error?.line == 3)
        #expect(error?.path == "keyUsage")
    }

    @Test("an issuing authority has no authority below it unless the file says so")
    func pathLength() throws {
        for (addition, expected) in [("", 0), ("pathLength: 2,", 2)] {
            let text = """
                { name: "issuing", version: 1, role: "issuing", validityDays: 1826, \(addition)
                  keyUsage: ["keyCertSign", "cRLSign"] }
                """
            #expect(try ProfileFile.parse(text, file: "issuing.json5").role == .authority(pathLength: expected))
        }
    }
}
