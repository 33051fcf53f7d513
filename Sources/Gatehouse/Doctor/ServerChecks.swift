import EnrollmentCore
import Ledger

/// Asks whether the database server can be relied on, and how near its limits it is.
struct ServerChecks {
    let configuration: Configuration
    let facts: ServerFacts
    /// When the server's clock was read, by ours.
    let asked: Timestamp

    func findings() -> [Finding] {
        [self.encryption, self.durability, self.standby, self.clock, self.connections, self.user, self.hosts]
            .compactMap { $0 }
    }

    private var file: String { self.configuration.file }

    private var location: PostgresLocation? {
        if case .postgres(let location) = self.configuration.store { location } else { nil }
    }

    /// Sealed keys and people's names go over this connection.
    private var encryption: Finding {
        let name = "store.tls"
        guard let address = self.facts.address, !address.hasPrefix("127."), address != "::1" else {
            return .ok(name, "the server is on this machine")
        }
        guard let version = self.facts.tlsVersion else {
            return Finding(
                .failure,
                name,
                "what goes to \(address) is not protected: everybody on the way can read and change it",
                remedy: "sslmode=verify-full&sslrootcert=… in store.url of \(self.file)"
            )
        }
        let mode = self.location?.address?.parameters["sslmode"]
        guard mode == "verify-full" else {
            return Finding(
                .warning,
                name,
                "\(version), and nobody checks that the server is the right one (sslmode \(mode ?? "prefer"))",
                remedy: "sslmode=verify-full&sslrootcert=… in store.url of \(self.file)"
            )
        }
        return .ok(name, "\(version), certificate and host checked")
    }

    /// What was told to a device must not be lost with a machine.
    private var durability: Finding {
        let name = "store.durability"
        let off = [
            ("fsync", self.facts.syncsFiles), ("full_page_writes", self.facts.writesFullPages),
            ("synchronous_commit", ["on", "remote_apply"].contains(self.facts.synchronousCommit)),
        ].filter { !$0.1 }.map(\.0)
        guard off.isEmpty else {
            return Finding(
                .failure,
                name,
                "\(off.joined(separator: ", ")) off: certificates that devices have can be missing in the store after a"
                    + " crash",
                remedy: "\(off.map { "\($0) = on" }.joined(separator: ", ")) in postgresql.conf"
            )
        }
        guard self.facts.hasChecksums else {
            return Finding(
                .warning,
                name,
                "commits are kept, and damage on the disk would go unnoticed: the server has no data checksums",
                remedy: "pg_checksums --enable while the server is stopped"
            )
        }
        let standbys = self.facts.synchronousStandbys
        return .ok(
            name,
            "commits are on the disk" + (standbys.isEmpty ? "" : " and with \(standbys)") + ", pages have checksums"
        )
    }

    private var standby: Finding {
        let name = "store.standby"
        guard self.facts.isStandby else { return .ok(name, "the server takes records") }
        let age = self.facts.replayed.map { self.asked.seconds(since: Timestamp(microseconds: $0)) }
        let lag = age.map { "; its latest commit is \(Numerals.duration($0)) old" } ?? "; it has repeated no commit yet"
        guard self.facts.isReceiving else {
            return Finding(
                .failure,
                name,
                "the server is a standby that follows nobody\(lag)",
                remedy: "primary_conninfo of the standby, or another server in store.url"
            )
        }
        return Finding(
            .warning,
            name,
            "the server is a standby: nobody enrolls or renews through it, and answers say as of when they are\(lag)",
            remedy: "the primary in store.url of \(self.file), where that is not meant"
        )
    }

    private var clock: Finding {
        let name = "clock store"
        let seconds = Double(self.asked.microseconds - self.facts.clock) / 1e6
        let most = Double(self.location?.largestClockSkewSeconds ?? 60)
        let sentence = "\(Self.decimal(abs(seconds))) s \(seconds < 0 ? "behind" : "ahead of") the database's clock"
        if abs(seconds) > most {
            return Finding(
                .failure,
                name,
                "\(sentence): nothing is recorded from here",
                remedy: "set the clock (chrony, NTP)"
            )
        }
        if abs(seconds) > 5 {
            return Finding(.warning, name, sentence, remedy: "set the clock (chrony, NTP)")
        }
        return .ok(name, sentence)
    }

    private static func decimal(_ seconds: Double) -> String {
        let hundredths = Int((seconds * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    private var connections: Finding {
        let name = "store.connections"
        let sentence = "\(self.facts.connections) of \(self.facts.mostConnections) in use"
        let need = (self.location?.connections ?? 8) + 2
        guard self.facts.connections + need > self.facts.mostConnections else { return .ok(name, sentence) }
        return Finding(
            .warning,
            name,
            "\(sentence): another replica, which takes \(need), may find none",
            remedy: "max_connections in postgresql.conf, or a smaller store.connections in \(self.file)"
        )
    }

    private var user: Finding {
        let name = "store.user"
        guard self.facts.isSuperuser else { return .ok(name, "may not more than it has to") }
        return Finding(
            .warning,
            name,
            "the service connects as a superuser: whoever takes it over has the whole server",
            remedy: "CREATE ROLE gatehouse LOGIN, and let it own its database alone"
        )
    }

    /// With several hosts the first that answers is taken, be it a standby.
    private var hosts: Finding? {
        guard let address = self.location?.address, address.hosts.count > 1 else { return nil }
        let name = "store.hosts"
        let wanted = address.parameters["target_session_attrs"] ?? "any"
        guard wanted == "any" else { return .ok(name, "\(address.hosts.count) hosts, \(wanted)") }
        return Finding(
            .warning,
            name,
            "of \(address.hosts.count) hosts the first that answers is taken, even if it is a standby",
            remedy: "target_session_attrs=read-write in store.url of \(self.file)"
        )
    }
}
