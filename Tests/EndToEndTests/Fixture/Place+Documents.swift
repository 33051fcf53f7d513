import EnrollmentTestKit
import Foundation

/// What the commands print with `--json`, as far as the tests look at it.
enum Document {
    struct Device: Decodable, Sendable {
        let id: String
        let state: String
        let name: String
        let owner: String
        let enrollmentType: String
        let generation: Int
    }

    struct Devices: Decodable {
        let devices: [Device]
    }

    struct Certificate: Decodable, Sendable {
        let serialNumber: String
        let state: String
        let profile: String
        let pem: String?
    }

    struct Certificates: Decodable {
        let certificates: [Certificate]
    }

    struct Attempt: Decodable, Sendable {
        struct Counted: Decodable, Sendable {
            let id: String
        }

        struct Step: Decodable, Sendable {
            let name: String
            let succeeded: Bool
        }

        let trace: String
        let operation: String
        let outcome: String
        let claimedName: String?
        let serialNumber: String?
        let code: String?
        let rule: String?
        let detail: String?
        let onDevice: String?
        let steps: [Step]
        let counted: [Counted]
    }

    struct OneAttempt: Decodable {
        let attempt: Attempt
    }

    struct Attempts: Decodable {
        let attempts: [Attempt]
    }

    struct User: Decodable {
        let principalName: String
        let limit: Int
        let counted: Int
    }
}

extension Place {
    func devices() async throws -> [Document.Device] {
        try await self.read(Document.Devices.self, "device", "list", "--limit", "10000").devices
    }

    func certificates() async throws -> [Document.Certificate] {
        try await self.read(Document.Certificates.self, "cert", "list", "--limit", "10000").certificates
    }

    func attempt(_ trace: String) async throws -> Document.Attempt {
        try await self.read(Document.OneAttempt.self, "attempt", "show", trace).attempt
    }

    func attempts() async throws -> [Document.Attempt] {
        try await self.read(Document.Attempts.self, "attempt", "list", "--limit", "10000").attempts
    }

    func user(_ name: String) async throws -> Document.User {
        try await self.read(Document.User.self, "user", "show", name)
    }

    private func read<Value: Decodable>(_ type: Value.Type, _ arguments: String...) async throws -> Value {
        let outcome = try await self.command(arguments + ["--json"])
        guard outcome.status == 0 else { throw Failure(description: outcome.output) }
        return try JSONDecoder().decode(type, from: Data(outcome.output.utf8))
    }
}
