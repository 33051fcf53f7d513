import EnrollmentTestKit
import Foundation
import Testing

@Suite("The command line", .timeLimit(.minutes(25)))
struct CommandLineTests {
    private static let commands = [
        "", "init", "serve", "config", "config check", "config show", "device", "device list", "device show",
        "device reset", "device retire", "device permit", "device hold", "device resume", "cert", "cert list",
        "cert show", "cert rules", "cert revoke", "crl", "crl show", "crl publish", "doctor", "attempt", "attempt list",
        "attempt show", "user", "user show",
        "simulate", "simulate windows",
    ]

    private func words(_ text: String) -> [String] {
        text.split(separator: " ").map { String($0) }
    }

    @Test("helps with every command, on standard output and with status 0", arguments: Self.commands)
    func help(command: String) async throws {
        let place = try CommandPlace()
        for spelling in [self.words(command) + ["--help"], ["help"] + self.words(command)] {
            let run = try await place.run(spelling)
            #expect(run.status == 0)
            #expect(run.errors.isEmpty)
            #expect(run.output.hasPrefix("OVERVIEW: "))
            #expect(
                run.output.contains(command.isEmpty ? "USAGE: gatehouse <subcommand>" : "USAGE: gatehouse \(command) ")
            )
        }
    }

    @Test("shows examples in the help of every command that does something", arguments: Self.commands)
    func examples(command: String) async throws {
        let run = try await CommandPlace().run(self.words(command) + ["--help"])
        guard !run.output.contains("SUBCOMMANDS:") else { return }
        #expect(run.output.contains("  gatehouse \(command)"))
    }

    @Test(
        "refuses what it does not know with status 2, names the nearest, and writes nothing to standard output",
        arguments: [
            ("devise list", "there is no command gatehouse devise; did you mean device?"),
            ("config chek", "there is no command gatehouse config chek; did you mean check?"),
            ("device list --jsn", "--jsn"), ("init --algoritm rsa-2048", "--algorithm"),
            ("init --algorithm rsa-1024", "rsa-1024"), ("device list --state gone", "handed-off"),
            ("device list --limit many", "many"), ("device show", "device"), ("cert show a b", "b"),
            ("simulate windows --devices 0 --user kim --password-file password.txt", "--devices"),
            ("simulate windows --user kim", "--password-file"),
            ("simulate windows --users absent.txt", "absent.txt"),
        ]
    )
    func usage(command: String, words: String) async throws {
        let place = try CommandPlace()
        try place.write("a password", to: "password.txt")
        let run = try await place.run(self.words(command))
        #expect(run.status == 2)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains(words), "\(run.errors)")
        try await self.expectProblem(place, self.words(command) + ["--json"], status: 2, words: words)
    }

    @Test("takes the common options before the noun as well")
    func optionsFirst() async throws {
        let place = try CommandPlace()
        let missing = place.path("absent.json5")
        for arguments in [
            ["--config", missing, "--json", "config", "check"], ["--json", "--config=\(missing)", "config", "check"],
            ["config", "check", "--json", "--config", missing],
        ] {
            try await self.expectProblem(place, arguments, status: 2, words: "absent.json5")
        }
        try await self.expectProblem(place, ["--json", "devise"], status: 2, words: "did you mean device?")
        try await self.expectProblem(place, ["config", "--json"], status: 2, words: "check, show")
    }

    @Test(
        "checks a configuration: path, line and the nearest known key of a mistake",
        arguments: [
            ("crlShards: 8,", "crlShard: 8,", "authority.crlShard: unknown key; did you mean crlShards?"),
            ("listeners: {", "listners: {", "listners: unknown key; did you mean listeners, which is missing?"),
            ("port: 8443", "prot: 8443", "listeners.device.prot: unknown key; did you mean port?"),
            ("port: 8443", "port: 84433", "listeners.device.port: 84433 is outside 0 … 65535"),
            ("port: 8443", "port: \"8443\"", "listeners.device.port: a whole number is expected, not a string"),
            ("\"sqlite\"", "\"oracle\"", "store.kind: oracle is not one of sqlite, postgres"),
            ("\"plaintextPasswords\"", "\"startTSL\"", "directory.security: startTSL is not one of"),
            ("\"plaintextPasswords\"", "\"startTSL\"", "did you mean startTLS?"),
            ("\"openldap\"", "\"openldpa\"", "did you mean openldap?"),
            ("\"on-premise\"", "\"on-prem\"", "discovery.default: on-prem is not one of on-premise"),
            ("https://localhost:8443\"", "http://localhost\"", "urls.device: http://localhost is not https://host"),
        ]
    )
    func mistakes(from: String, to: String, words: String) async throws {
        let place = try await CommandPlace.founded()
        let text = try String(contentsOfFile: place.configuration, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let line = try #require(lines.firstIndex { $0.contains(from) }) + 1
        try place.edit("gatehouse.json5", (from, to))
        let run = try await place.runHere("config", "check")
        #expect(run.status == 2)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains(words), "\(run.errors)")
        #expect(run.errors.contains("gatehouse.json5, line \(line): "), "\(run.errors)")
        try await self.expectProblem(
            place,
            ["config", "check", "--json", "--config", place.configuration],
            status: 2,
            words: words
        )
    }

    @Test(
        "checks what a certificate's life follows: ranges, addresses and what contradicts the profile",
        arguments: [
            ("proxies: {}", "proxies.addresses: names no address"),
            ("proxies: { addresses: [\"10.0.0.1/8\"] }", "proxies.addresses: 10.0.0.1/8 is neither an address nor"),
            ("proxies: { addresses: [\"0.0.0.0/0\"] }", "proxies.addresses: 0.0.0.0/0 is neither an address nor"),
            ("proxies: { addresses: [\"proxy.example\"] }", "proxies.addresses: proxy.example is neither"),
            (
                "proxies: { addresses: [\"::1\"], clientCertificate: \"ngnix\" }",
                "proxies.clientCertificate: ngnix is not one of rfc9440, nginx; did you mean nginx?"
            ),
            (
                "proxies: { addresses: [\"::1\"], sourceAddress: \"forwarded\" }",
                "proxies.sourceAddress: forwarded is not one of x-forwarded-for"
            ),
            ("proxies: { addresses: [\"::1\"], certificate: \"nginx\" }", "proxies.certificate: unknown key"),
            ("renewal: { windowDays: 0 }", "renewal.windowDays: 0 is outside 1 … 1096"),
            ("renewal: { overlapDays: 366 }", "renewal.overlapDays: 366 is outside 1 … 365"),
            ("renewal: { proof: \"password\" }", "renewal.proof: password is not one of connection, signature"),
            ("renewal: { afterExpiryDays: 3 }", "renewal.afterExpiryDays: unknown key"),
            ("renewal: { windowDays: 59 }", "told to renew 60 days before the end"),
            ("crl: { intervalHours: 7 }", "crl.intervalHours: 7 is outside 1 … 6"),
            ("crl: { validityHours: 745 }", "crl.validityHours: 745 is outside 2 … 744"),
            ("crl: { validityHours: 7 }", "crl.validityHours: a CRL valid for 7 hours and replaced after 6 would be"),
            ("crl: { intervalHours: 5, validityHours: 6 }", "longer than the interval and an hour"),
            ("ocsp: { validityMinutes: 4 }", "ocsp.validityMinutes: 4 is outside 5 … 10080"),
            ("retention: { attemptDays: 0 }", "retention.attemptDays: 0 is outside 1 … 3650"),
            ("retention: { certificateDays: 3651 }", "retention.certificateDays: 3651 is outside 1 … 3650"),
            ("retention: { days: 1 }", "retention.days: unknown key"),
            ("rotation: { adoptionThreshold: 0 }", "rotation.adoptionThreshold: 0 is outside 1 … 100"),
            ("rotation: { issuing: { everyMonths: 0 } }", "rotation.issuing.everyMonths: 0 is outside 1 … 240"),
            (
                "rotation: { issuing: { everyMonths: 1, overlapDays: 29 } }",
                "longer than the 1 month that each of them signs"
            ),
            ("rotation: { root: { activate: \"always\" } }", "rotation.root.activate"),
            ("rotation: { root: { every: 1 } }", "rotation.root.every: unknown key"),
            ("backup: { keep: 3 }", "backup.keep: goes with folder"),
            ("backup: { folder: \"b\", keep: 0 }", "backup.keep: 0 is outside 1 … 10000"),
            ("backup: { maxAgeHours: 8761 }", "backup.maxAgeHours: 8761 is outside 1 … 8760"),
            ("backup: { passphrase: \"secret\" }", "backup.passphrase"),
        ]
    )
    func lifecycle(section: String, words: String) async throws {
        let place = try await CommandPlace.founded()
        try place.edit("gatehouse.json5", ("    store: {", "    \(section),\n    store: {"))
        let check = ["config", "check", "--json", "--config", place.configuration]
        try await self.expectProblem(place, check, status: 2, words: words)
    }

    @Test("refuses to forget certificates that may still be renewed")
    func forgetful() async throws {
        let place = try await CommandPlace.founded()
        try place.edit("gatehouse.json5", ("    store: {", "    retention: { certificateDays: 30 },\n    store: {"))
        let check = ["config", "check", "--json", "--config", place.configuration]
        #expect(try await place.run(check).status == 0)
        try place.edit("profiles/device.json5", ("renewAfterExpiryDays: 0", "renewAfterExpiryDays: 31"))
        try await self.expectProblem(place, check, status: 2, words: "which are kept for 30 days only")
        try place.edit("profiles/device.json5", ("renewAfterExpiryDays: 31", "renewAfterExpiryDays: 30"))
        #expect(try await place.run(check).status == 0)
    }

    @Test("shows what a certificate's life follows, as given or by default")
    func lifecycleShown() async throws {
        let place = try await CommandPlace.founded()
        let show = ["config", "show", "--json", "--config", place.configuration]
        func settings() async throws -> [String: String] {
            let document = try JSONDocument(parsing: try await place.run(show).output)
            return Dictionary(
                uniqueKeysWithValues: [
                    "listeners.admin", "proxies.addresses", "proxies.clientCertificate", "proxies.sourceAddress",
                    "renewal.windowDays", "renewal.overlapDays", "renewal.proof", "crl.intervalHours",
                    "crl.validityHours", "ocsp.validityMinutes", "retention.attemptDays", "retention.certificateDays",
                    "backup.passphrase", "backup.keep", "backup.maxAgeHours",
                ].map { ($0, document["settings"]?[$0]?.text ?? "missing") }
            )
        }
        #expect(
            try await settings() == [
                "listeners.admin": "none", "proxies.addresses": "none", "proxies.clientCertificate": "not handed on",
                "proxies.sourceAddress": "not handed on",
                "renewal.windowDays": "the profile's renewPeriodDays and a day", "renewal.overlapDays": "30",
                "renewal.proof": "connection", "crl.intervalHours": "6", "crl.validityHours": "24",
                "ocsp.validityMinutes": "60", "retention.attemptDays": "180", "retention.certificateDays": "400",
                "backup.passphrase": "none: --passphrase-file", "backup.keep": "all", "backup.maxAgeHours": "any age",
            ]
        )
        let sections = """
            proxies: { addresses: ["10.0.0.0/8", "2001:DB8::1"], clientCertificate: "nginx",
                       sourceAddress: "x-forwarded-for" },
            renewal: { windowDays: 60, overlapDays: 7, proof: "signature" },
            crl: { intervalHours: 1, validityHours: 3 }, ocsp: { validityMinutes: 5 },
            retention: { attemptDays: 1, certificateDays: 2 },
            backup: { passphrase: { env: "BACKUP" }, folder: "b", keep: 3, maxAgeHours: 25 },
            store: {
            """
        try place.edit("gatehouse.json5", ("    store: {", sections), ("listeners: {", "listeners: { admin: {},"))
        #expect(
            try await settings() == [
                "listeners.admin": "127.0.0.1:8444", "proxies.addresses": "10.0.0.0/8, 2001:db8::1",
                "proxies.clientCertificate": "nginx", "proxies.sourceAddress": "x-forwarded-for",
                "renewal.windowDays": "60", "renewal.overlapDays": "7", "renewal.proof": "signature",
                "crl.intervalHours": "1", "crl.validityHours": "3", "ocsp.validityMinutes": "5",
                "retention.attemptDays": "1", "retention.certificateDays": "2",
                "backup.passphrase": "environment variable BACKUP", "backup.keep": "3", "backup.maxAgeHours": "25",
            ]
        )
    }

    @Test(
        "checks a configuration: line and column where it is no JSON5",
        arguments: [
            ("    },\n\n    listeners", "    \n\n    listeners", "a comma or } is expected"),
            ("port: 8443 }", "port: 8443", "a comma or } is expected"),
            ("\"sqlite\"", "sqlite", "column 20: a value is expected; text needs quotes"),
            ("\"sqlite\"", "\"sqlite", "a comma or } is expected"),
            ("store: {", "urls: {}, store: {", "column 5: the key urls was already given in line "),
        ]
    )
    func syntax(from: String, to: String, words: String) async throws {
        let place = try await CommandPlace.founded()
        try place.edit("gatehouse.json5", (from, to))
        let run = try await place.runHere("config", "check")
        #expect(run.status == 2)
        #expect(run.errors.contains(words), "\(run.errors)")
        #expect(run.errors.contains("gatehouse.json5, line "), "\(run.errors)")
    }

    @Test("shows the configuration in effect with no secret in it")
    func show() async throws {
        let place = try await CommandPlace.founded()
        let secret = try String(contentsOfFile: place.path("var/passphrase"), encoding: .utf8).dropLast()
        try #require(secret.utf8.count == 64)
        for arguments in [["config", "show"], ["config", "show", "--json"], ["config", "check"]] {
            let run = try await place.run(arguments + ["--config", place.configuration])
            #expect(run.status == 0)
            #expect(!run.output.isEmpty && !run.output.contains(secret))
            #expect(run.errors.isEmpty)
        }
    }

    @Test("says which secret is missing, empty or open to others, and how to mend it")
    func secrets() async throws {
        let place = try await CommandPlace.founded()
        let secret = try String(contentsOfFile: place.path("var/passphrase"), encoding: .utf8)
        let check = ["config", "check", "--json", "--config", place.configuration]
        for mode in [0o644, 0o660, 0o602] {
            try place.setMode(mode, of: "var/passphrase")
            try await self.expectProblem(place, check, status: 2, words: "mode \(String(mode, radix: 8))")
            try await self.expectProblem(place, check, status: 2, words: "chmod 600 ")
        }
        for mode in [0o600, 0o400, 0o640] {
            try place.setMode(mode, of: "var/passphrase")
            #expect(try await place.run(check).status == 0)
        }
        try place.setMode(0o600, of: "var/passphrase")
        try place.write("\n", to: "var/passphrase")
        try await self.expectProblem(place, check, status: 2, words: "var/passphrase is empty")
        try FileManager.default.removeItem(atPath: place.path("var/passphrase"))
        try await self.expectProblem(place, check, status: 2, words: "No such file or directory")
        try place.write(secret, to: "var/passphrase")
        try place.edit("gatehouse.json5", ("{ file: \"var/passphrase\" }", "{ env: \"GATEHOUSE_TEST_ABSENT\" }"))
        try await self.expectProblem(place, check, status: 2, words: "GATEHOUSE_TEST_ABSENT is not set")
        try place.edit("gatehouse.json5", ("{ env: \"", "{ file: \"x\", env: \""))
        try await self.expectProblem(place, check, status: 2, words: "exactly one of file, env and credential")
    }

    @Test(
        "refuses a profile that is wrong, with file, path and line",
        arguments: [
            ("validityDays: 365,", "validityDay: 365,", "validityDay: unknown key; did you mean validityDays"),
            ("validityDays: 365,", "validityDays: 5000,", "validityDays: 5000 is outside"),
            ("renewPeriodDays: 60,", "renewPeriodDays: 365,", "renewPeriodDays: "),
            ("[\"digitalSignature\"]", "[\"keyCertSign\"]", "keyUsage: an end entity must not sign certificates"),
            ("[\"clientAuth\"]", "[\"serverAuth\"]", "other purposes than clientAuth"),
            ("name: \"device\"", "name: \"gadget\"", "calls itself gadget"), ("{\n", "{{\n", "a key is expected"),
        ]
    )
    func profiles(from: String, to: String, words: String) async throws {
        let place = try await CommandPlace.founded()
        try place.edit("profiles/device.json5", (from, to))
        let check = ["config", "check", "--json", "--config", place.configuration]
        try await self.expectProblem(place, check, status: 2, words: words)
        try await self.expectProblem(place, check, status: 2, words: "device.json5")
    }

    private func expectProblem(
        _ place: CommandPlace,
        _ arguments: [String],
        status: Int32,
        words: String
    ) async throws {
        let run = try await place.run(arguments)
        let document = try JSONDocument(parsing: run.output)
        #expect(run.status == status)
        #expect(try DocumentSchema("problem").findings(in: document).isEmpty)
        #expect(document["problem"]?["exit"] == .number(Double(status)))
        #expect(run.output.contains(words.replacingOccurrences(of: "\"", with: "\\\"")), "\(run.output)")
    }
}
