import Testing
import XMLKit

@testable import DeviceSimulator

@Suite("A simulated device")
struct DeviceTests {
    @Test("the same seed gives the same device, another seed another")
    func seeds() {
        #expect(SimulatedDevice(seed: 7) == SimulatedDevice(seed: 7))
        #expect(SimulatedDevice(seed: 7) != SimulatedDevice(seed: 8))
        #expect(SimulatedDevice.random() != SimulatedDevice.random())
    }

    @Test("its identifiers have the lengths of a real one's", arguments: [UInt64(0), 1, .max])
    func shape(seed: UInt64) {
        let device = SimulatedDevice(seed: seed)
        #expect(device.deviceID.utf8.count == 32)
        #expect(device.hardwareID.utf8.count == 64)
        #expect(device.name.utf8.count == 15)
        #expect(device.serialNumber.utf8.count == 14)
        #expect(device.networkAddresses.count == 13)
        #expect(device.networkAddresses.allSatisfy { $0.utf8.count == 17 })
        #expect(device.requestedCommonName.utf8.count == 63)
        #expect(device.requestedCommonName.hasSuffix("!" + device.deviceID))
    }

    @Test("it states its facts in the order of Windows 11 25H2")
    func items() {
        let device = SimulatedDevice(seed: 1)
        let names = ContextItem.all(of: device, profile: .windows11, announced: "3.0").map(\.name)
        let before = ["UXInitiated", "HWDevID", "Locale", "TargetedUserLoggedIn", "OSEdition", "DeviceName"]
        let after = [
            "DeviceID", "EnrollmentType", "DeviceType", "OSVersion", "ApplicationVersion", "NotInOobe", "Manufacturer",
            "DeviceModel", "SerialNumber", "RequestVersion", "AttestationStatus", "AttestationStatusHResult",
        ]
        #expect(names == before + [String](repeating: "MAC", count: 13) + after)
    }

    @Test(
        "it repeats version 5.0 and attests nothing then",
        arguments: [("3.0", "9.0"), ("5.0", "5.0"), ("9.0", "9.0")]
    )
    func versions(announced: String, stated: String) {
        let items = ContextItem.all(of: SimulatedDevice(seed: 1), profile: .windows11, announced: announced)
        #expect(items.first { $0.name == "RequestVersion" }?.value == stated)
        #expect(items.contains { $0.name == "AttestationStatus" } == (announced != "5.0"))
    }

    @Test("its messages are XML that says what it meant, whatever the password")
    func envelope() throws {
        let user = SimulatedUser(name: "kim@example.test", password: "a<b>&\"'\r\n ü")
        let envelope = RequestEnvelope(action: "urn:act", messageID: "urn:uuid:1", to: "https://h/?a=1&b=2", user: user)
        let root = try XMLDocument(parsing: envelope.octets(around: RequestBodies.getPolicies())).root
        let header = try #require(root.first("Header", in: Names.envelope))
        #expect(header.first("To", in: Names.addressing)?.text == "https://h/?a=1&b=2")
        #expect(header.first("MessageID", in: Names.addressing)?.text == "urn:uuid:1")
        let token = header.first("Security", in: Names.security)?.first("UsernameToken", in: Names.security)
        #expect(token?.first("Username", in: Names.security)?.text == "kim@example.test")
        #expect(token?.first("Password", in: Names.security)?.text == "a<b>&\"'\r\n ü")
        let body = root.first("Body", in: Names.envelope)?.first("GetPolicies", in: Names.policy)
        #expect(body?.first("client", in: Names.policy)?.first("lastUpdate", in: Names.policy)?.isNil == true)
    }

    @Test("discovery asks for nobody's password and names the user's address")
    func discovery() throws {
        let user = SimulatedUser(name: "EXAMPLE\\kim", password: "secret")
        let envelope = RequestEnvelope(action: "urn:act", messageID: "urn:uuid:1", to: "https://h/", user: nil)
        let octets = envelope.octets(around: RequestBodies.discover(user: user, profile: .windows11))
        let text = String(decoding: octets, as: UTF8.self)
        #expect(!text.contains("secret"))
        #expect(text.contains("<EmailAddress>EXAMPLE\\\\kim</EmailAddress>"))
        #expect(text.contains("<RequestVersion>9.0</RequestVersion>"))
        #expect(throws: Never.self) { try XMLDocument(parsing: octets) }
    }

    @Test("a user's password is in no description")
    func secrets() {
        let user = SimulatedUser(name: "kim", password: "secret")
        var text = "\(user) \(String(reflecting: user)) "
        dump(user, to: &text)
        dump(WindowsSimulation(users: [user]), to: &text)
        #expect(!text.contains("secret"))
    }

    @Test("discovery is looked for where Windows looks")
    func address() throws {
        let user = SimulatedUser(name: "kim@example.test", password: "x")
        #expect(
            try WindowsSimulation(users: [user]).discoveryAddress(for: user)
                == "https://enterpriseenrollment.example.test/EnrollmentServer/Discovery.svc"
        )
        let nobody = SimulatedUser(name: "EXAMPLE\\kim", password: "x")
        #expect(throws: SimulationFailure.self) {
            try WindowsSimulation(users: [nobody]).discoveryAddress(for: nobody)
        }
    }
}

@Suite("Base64")
struct Base64Tests {
    @Test(
        "the standard's examples go both ways",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
    )
    func vectors(plain: String, coded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == coded)
        #expect(Base64.decode(coded.utf8) == Array(plain.utf8))
    }

    @Test(
        "junk, missing padding and unused bits are refused",
        arguments: ["Zg=", "Zg", "Z", "Zh==", "Zm9=", "Z=g=", "Zm9v\n", "Zg==Zg==", "===="]
    )
    func refusals(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }

    @Test("lines are broken with CR LF and none is empty")
    func lines() {
        let text = Base64.encode([UInt8](repeating: 0, count: 96), lineLength: 64)
        #expect(text == String(repeating: "A", count: 64) + "\r\n" + String(repeating: "A", count: 64))
        #expect(Base64.decodeSpaced(text.utf8) == [UInt8](repeating: 0, count: 96))
    }
}
