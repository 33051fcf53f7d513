import EnrollmentTestKit
import Foundation
import Testing

/// A place that is not founded yet, and the folder of a root beside it.
struct OfflineRootScene {
    let place: Place
    let root: String
    let passphrase: String

    init(_ store: PlaceStore, more: String = "") throws {
        self.place = try Place(
            unfounded: Place.Settings(more: more),
            directory: try RunningGatehouse.directory.get(),
            store: store
        )
        self.root = self.place.folder.appending(path: "R1").path
        self.passphrase = try self.place.keep(secret: "tick tock tick tock", as: "root.passphrase")
    }

    func path(_ name: String) -> String { self.place.folder.appending(path: name).path }

    func makeRoot(_ protection: [String], id: String = "R1") async throws {
        let arguments = ["ceremony", "root", "--organization", "Corp Ltd", "--id", id, "--out", self.path(id)]
        _ = try await self.place.document("ceremony-root", arguments + protection)
    }

    /// Founds the place below a root of its own, which signs for it.
    func found(_ keys: [String]) async throws {
        try await self.makeRoot(keys)
        let root = ["--offline-root", "\(self.root)/root.cer"]
        _ = try await self.place.document("ceremony", ["init"] + root + ["--request", self.path("request.txt")])
        try await self.perform("request.txt", keys)
    }

    func sign(_ request: String, by root: String = "R1", _ keys: [String], status: Int32 = 0) async throws {
        let arguments = ["ceremony", "sign", self.path(request), "--root", self.path(root), "--yes"]
        let schema = status == 0 ? "ceremony" : "problem"
        _ = try await self.place.document(schema, arguments + keys, status: status)
    }

    /// Asks, has it signed and takes the answer in.
    func perform(_ request: String, by root: String = "R1", _ keys: [String]) async throws {
        try await self.sign(request, by: root, keys)
        let document = try await self.place.document("ceremony", ["ca", "import", self.path("\(request).answer")])
        #expect(document["status"]?.text == "imported")
    }

    /// Rehearses a step of key rotation, and carries it out by the plan that it gave.
    func step(_ schema: String, _ arguments: [String]) async throws {
        let rehearsed = try await self.place.document(schema, ["ca"] + arguments)
        let plan = try #require(rehearsed["plan"]?.text)
        let commit = ["--commit", "--plan", plan]
        _ = try await self.place.document(schema, ["ca"] + arguments + commit)
    }

    /// Another issuing authority by the root that is active, to the end of its way.
    func rotate(to id: String, by root: String, _ keys: [String]) async throws {
        let ask = ["prepare", "--id", id, "--offline", self.path("\(id).txt")]
        let plan = try #require(try await self.place.document("ca-prepare", ["ca"] + ask)["plan"]?.text)
        _ = try await self.place.document("ceremony", ["ca"] + ask + ["--commit", "--plan", plan])
        try await self.perform("\(id).txt", by: root, keys)
        try await self.step("ca-step", ["publish", id])
        try await self.step("ca-step", ["activate", id])
    }

    func openssl(_ arguments: [String]) async throws {
        let outcome = try await ExternalCommand.run("openssl", arguments, seconds: 30)
        #expect(outcome.status == 0, "openssl \(arguments): \(outcome.output)")
    }
}
