internal import Directory
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Logging
internal import Synchronization
internal import Testing

@Suite("Passwords stay out of errors and logs", .timeLimit(.minutes(25)))
struct SecrecyTests {
    @Test("no refusal, error, dump or log line shows a password")
    func nothingShown() async throws {
        let slapd = try Slapd.shared()
        let silent = SilentListener()
        let lines = LogLines()
        var texts: [String] = []
        let ports = [silent.port, { SilentListener().port }()]
        var cases = ports.map { DirectorySettings.loopback($0) }
        cases.append(try .plaintext([slapd]))
        var refused = try DirectorySettings.plaintext([slapd])
        refused.serviceAccount?.password = Redacted("tr1cky-service-password")
        cases.append(refused)
        for var settings in cases {
            settings.operationTimeout = .milliseconds(200)
            settings.patience = .zero
            let verifier = try LDAPCredentialVerifier(
                settings,
                clock: ManualClock(),
                logger: Logger(label: "test") { _ in CapturingHandler(lines: lines) }
            )
            for name in ["kim", "nobody", "CORP\\kim"] {
                let refusal = try #require(await verifier.refusal(name, "tr1cky-password"))
                texts += ["\(refusal)", String(reflecting: refusal), refusal.detail, "\(refusal.facts)"]
                var dumped = ""
                dump(refusal, to: &dumped)
                texts.append(dumped)
            }
            var dumped = ""
            dump(verifier, to: &dumped)
            texts.append(dumped)
        }
        let logged = lines.all()
        #expect(!logged.isEmpty)
        for secret in ["tr1cky", "service-password", try slapd.servicePassword()] {
            #expect((texts + logged).filter { $0.contains(secret) } == [])
        }
    }
}

private final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    func append(_ line: String) {
        self.lines.withLock { $0.append(line) }
    }

    func all() -> [String] {
        self.lines.withLock { $0 }
    }
}

private struct CapturingHandler: LogHandler {
    let lines: LogLines
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.trace

    init(lines: LogLines) {
        self.lines = lines
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    // The signature is the log package's.
    func log(
        level: Logger.Level,
        message: Logger.Message,
        metadata: Logger.Metadata?,
        source: String,
        file: String,
        function: String,
        line: UInt
    ) {
        self.lines.append("\(level) \(message) \(metadata ?? [:])")
    }
}
