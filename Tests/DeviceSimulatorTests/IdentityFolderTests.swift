import Foundation
import Testing

@testable import DeviceSimulator

@Suite("The folder that keeps a device's identity")
struct IdentityFolderTests {
    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func expect(_ read: DeviceIdentity, equals identity: DeviceIdentity) throws {
        #expect(read.device == identity.device)
        #expect(read.enrollmentType == identity.enrollmentType)
        #expect(read.user == identity.user)
        #expect(read.discoveryAddress == identity.discoveryAddress)
        #expect(read.enrollmentAddress == identity.enrollmentAddress)
        #expect(read.entDMID == identity.entDMID)
        #expect(read.providerID == identity.providerID)
        #expect(read.certificate == identity.certificate)
        #expect(read.issuers == identity.issuers)
        #expect(read.roots == identity.roots)
        #expect(read.intermediates == identity.intermediates)
        #expect(read.document == identity.document)
        #expect(read.accountDocument == identity.accountDocument)
        #expect(read.renewals == identity.renewals)
        #expect(try read.key.pem() == identity.key.pem())
    }

    @Test("gives back what was kept, with keys of each kind", arguments: [DeviceKey.Kind.rsa(bits: 2048), .ecdsaP256])
    func roundTrip(kind: DeviceKey.Kind) throws {
        let scene = try RenewalScene(kind: kind, type: .device)
        defer { scene.openssl.remove() }
        let folder = IdentityFolder(scene.openssl.folder.appending(path: "laptop").path)
        try folder.create(scene.identity)
        try self.expect(try folder.read(), equals: scene.identity)
        let openssl = scene.openssl
        #expect(try openssl.run("pkey -in laptop/current/private-key.pem -check -noout").contains("valid"))
        #expect(
            try openssl.run(
                "verify -CAfile laptop/current/roots.pem -untrusted laptop/current/certificate.pem "
                    + "laptop/current/certificate.pem"
            ).contains("OK")
        )
    }

    @Test("nobody else may look into it")
    func modes() throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        let path = scene.openssl.folder.appending(path: "laptop").path
        try IdentityFolder(path).create(scene.identity)
        #expect(try self.mode(path) == 0o700)
        #expect(try self.mode("\(path)/1") == 0o700)
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(path)/1").sorted()
        #expect(
            files == [
                "account.xml", "certificate.pem", "facts.json", "intermediates.pem", "private-key.pem",
                "provisioning.xml",
                "roots.pem",
            ]
        )
        for file in files { #expect(try self.mode("\(path)/1/\(file)") == 0o600) }
    }

    @Test("a new identity takes the place of the current one, which stays as the previous; older ones go")
    func replacing() throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        let path = scene.openssl.folder.appending(path: "laptop").path
        let folder = IdentityFolder(path)
        try folder.create(scene.identity)
        #expect(throws: SimulationFailure.self) { try folder.read(.previous) }
        let second = try RenewalScene(scene.authority, seed: 8).identity
        // What a run that ended in the middle leaves behind.
        try FileManager.default.createDirectory(atPath: "\(path)/2", withIntermediateDirectories: false)
        try Data("half".utf8).write(to: URL(fileURLWithPath: "\(path)/2/certificate.pem"))
        try folder.replace(with: second)
        try self.expect(try folder.read(), equals: second)
        try self.expect(try folder.read(.previous), equals: scene.identity)
        let third = try RenewalScene(scene.authority, seed: 9).identity
        try folder.replace(with: third)
        try self.expect(try folder.read(), equals: third)
        try self.expect(try folder.read(.previous), equals: second)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["2", "3", "current", "previous"]
        )
    }

    @Test("one that is there already is not written over")
    func existing() throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        let folder = IdentityFolder(scene.openssl.folder.appending(path: "laptop").path)
        try folder.create(scene.identity)
        #expect(throws: SimulationFailure.self) { try folder.create(scene.identity) }
    }

    @Test(
        "what is not as it was written is refused, by name",
        arguments: [
            ("private-key.pem", "certificate.pem"), ("facts.json", "certificate.pem"), ("roots.pem", "private-key.pem"),
            ("certificate.pem", "facts.json"), ("certificate.pem", "roots.pem"),
        ]
    )
    func damaged(file: String, by other: String) throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        let path = scene.openssl.folder.appending(path: "laptop").path
        let folder = IdentityFolder(path)
        try folder.create(scene.identity)
        let octets = try Data(contentsOf: URL(fileURLWithPath: "\(path)/current/\(other)"))
        try octets.write(to: URL(fileURLWithPath: "\(path)/current/\(file)"))
        let failure = #expect(throws: SimulationFailure.self) { try folder.read() }
        #expect(failure?.description.contains("PRIVATE") == false)
    }

    @Test("a folder of folders gives them in the order of their names")
    func all() throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        let path = scene.openssl.folder.appending(path: "fleet").path
        try FileManager.default.createDirectory(atPath: "\(path)/other", withIntermediateDirectories: true)
        #expect(throws: SimulationFailure.self) { try IdentityFolder.all(in: path) }
        for name in ["b", "a"] { try IdentityFolder("\(path)/\(name)").create(scene.identity) }
        #expect(try IdentityFolder.all(in: path).map(\.path) == ["\(path)/a", "\(path)/b"])
    }

    @Test("a private key is in no description")
    func secrets() throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        let secret = try #require(scene.identity.key.pem().split(separator: "\n").dropFirst(2).first)
        var text = "\(scene.identity) \(String(reflecting: scene.identity)) "
        dump(scene.identity, to: &text)
        #expect(!text.contains(secret))
    }
}
