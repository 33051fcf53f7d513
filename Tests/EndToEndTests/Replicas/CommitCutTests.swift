import DeviceSimulator
import EnrollmentTestKit
import Testing

@Suite("A connection that is cut in the middle of a commit", .timeLimit(.minutes(25)))
struct CommitCutTests {
    /// A transaction of an enrollment, by what it alone sends: what becomes of the attempt.
    enum Transaction: String, CaseIterable, CustomTestStringConvertible, Sendable {
        case reservation = "open"
        case confirmation = "succeeded"

        var testDescription: String { "\(self)" }

        var marker: [UInt8] {
            Array("enrollment".utf8) + [0, 0, 0, UInt8(self.rawValue.utf8.count)] + Array(self.rawValue.utf8)
        }
    }

    /// The commit's name among the statements of a connection ends so.
    private static let commit = Array("_COMMIT\0".utf8)

    private static func settings(_ proxy: TCPProxy, connections: Int) -> Replicas.Settings {
        var settings = Replicas.Settings()
        settings.count = 2
        settings.access = { number, database in
            guard number == 0 else { return PostgresAccess(database) }
            var access = PostgresAccess(database, through: proxy)
            access.connections = connections
            return access
        }
        return settings
    }

    @Test(
        "is looked up: the device gets its one certificate, whether the server had committed or not",
        arguments: Transaction.allCases,
        [TCPProxy.Moment.beforeForwarding, .beforeAnswering]
    )
    func lookedUp(_ transaction: Transaction, _ moment: TCPProxy.Moment) async throws {
        let proxy = TCPProxy(to: try RunningGatehouse.databases.get().port)
        try await Replicas.serve(Self.settings(proxy, connections: 4)) { replicas in
            _ = try await replicas[0].simulation("zoe").enroll()
            proxy.cut(at: Self.commit, after: transaction.marker, moment)
            let outcome = try #require(await replicas[0].simulation("kim").run().outcomes.first)
            #expect(!proxy.isCutPending, "the commit never came by")
            let enrolled = try outcome.result.get()

            let devices = try await replicas[1].place.devices().filter { $0.owner == "kim@corp.example" }
            #expect(devices.map(\.id) == [enrolled.entDMID])
            #expect(devices.first?.name == outcome.device.name)
            let issued = try await replicas.audit.issued()
            #expect(issued.count == 2 && issued.contains(enrolled.serialNumber), "\(issued)")
            #expect(try await replicas.audit.count("SELECT count(*) FROM outbox") == 2)
            #expect(try await replicas.audit.count("SELECT count(*) FROM attempt WHERE operation = 'enrollment'") == 2)
            #expect(try await replicas[1].place.user("kim@corp.example").counted == 1)
            try await replicas.audit.expectSound()
        }
    }

    @Test(
        "is a fault that asks to come back where nobody can be asked, and the same device then has one certificate",
        arguments: Transaction.allCases,
        [TCPProxy.Moment.beforeForwarding, .beforeAnswering]
    )
    func unanswered(_ transaction: Transaction, _ moment: TCPProxy.Moment) async throws {
        let proxy = TCPProxy(to: try RunningGatehouse.databases.get().port)
        try await Replicas.serve(Self.settings(proxy, connections: 2)) { replicas in
            // The connections that are there stay, and the one that is cut finds no way back.
            proxy.cut(at: Self.commit, after: transaction.marker, moment)
            let lookout = Lookout()
            async let closing: Void = lookout.run {
                guard !proxy.isCutPending else { return false }
                proxy.mode = .refuse
                proxy.cutAll()
                return true
            }
            var simulation = try replicas[0].simulation("kim")
            simulation.seed = 5
            simulation.probes = false
            simulation.timeout = 60_000
            let outcome = try #require(await simulation.run().outcomes.first)
            try await closing
            // It may have found a connection before the last one was cut; then the outcome was looked up as above.
            switch outcome.result {
            case .success(let enrolled):
                #expect(try await replicas.audit.issued().contains(enrolled.serialNumber))
            case .failure(.refused(_, let fault)):
                #expect(fault.errorType == "InMaintenance", "\(fault)")
            case .failure(let failure):
                Issue.record("\(failure)")
            }
            proxy.mode = .forward
            try await replicas[0].wait("enrolls again") { await simulation.run().enrolled == 1 }
            simulation.seed = 6
            _ = try await simulation.enroll()
            let devices = try await replicas[1].place.devices()
            #expect(devices.count == 2)
            #expect(try await replicas[1].place.user("kim@corp.example").counted == 2)
            let pairs = try await replicas.audit.column(
                "",
                postgres: """
                    SELECT count(*) FROM device AS d JOIN certificate AS c ON c.serial = d.certificate_serial
                    WHERE c.state = 'issued' AND d.is_live = 1
                    """
            )
            #expect(pairs == ["2"])
            try await replicas.audit.expectSound()
        }
    }
}

/// Does something as soon as it can be done.
private struct Lookout: Sendable {
    func run(_ tryOnce: @Sendable () -> Bool) async throws {
        for _ in 0..<30_000 {
            if tryOnce() { return }
            try await Task.sleep(for: .milliseconds(1))
        }
        throw Place.Failure(description: "it never came")
    }
}
