import ArgumentParser
import EnrollmentCore
import Ledger

/// The options that say which certificates to revoke; exactly one kind of them is given.
struct SelectionOptions: ParsableArguments {
    @Option(help: "Serial number, with or without colons, blanks and 0x; repeatable.")
    var serial: [String] = []
    @Option(help: "SHA-256 over the certificate.")
    var thumbprint: String?
    @Option(help: "Every certificate of a device: its id, or a name that only one live device has.")
    var device: String?
    @Option(help: "Every certificate of a user's devices: principal name or directory id.")
    var user: String?
    @Option(
        help: ArgumentHelp(
            "Every certificate with this key, and the key is blocked for ever: SHA-256 over the public key, or a PEM or"
                + " DER file with public key, certificate or certificate request."
        )
    )
    var key: String?
    @Option(help: "Every certificate of an issuer.")
    var issuer: String?
    @Option(help: "File with one serial number a line; what follows a # is a comment.")
    var file: String?

    /// Refuses what names nothing, or more than one kind of thing, before the store is opened.
    func judge() throws(CommandProblem) {
        let given = [
            !self.serial.isEmpty, self.thumbprint != nil, self.device != nil, self.user != nil, self.key != nil,
            self.issuer != nil, self.file != nil,
        ]
        guard given.count(where: { $0 }) == 1 else {
            throw .usage(
                "exactly one of --serial, --thumbprint, --device, --user, --key, --issuer and --file is expected",
                see: "cert revoke"
            )
        }
    }

    /// Reads what the options name.
    ///
    /// - Throws: ``CommandProblem`` with exit `usage` for what cannot be read, `notFound` for what is not there.
    func wish(in ledger: any LedgerStore) async throws(CommandProblem) -> RevocationWish {
        if let thumbprint = self.thumbprint { return try await Self.wish(thumbprint: thumbprint, in: ledger) }
        if let name = self.device {
            let device = try await DeviceTarget.find(name, in: ledger)
            return RevocationWish(
                kind: "device",
                words: "of device \(Table.printable(device.name)) (\(device.device))",
                values: ["\(device.device)"],
                way: .selected(.device(device.device))
            )
        }
        if let name = self.user {
            let user = try await answer { () throws(EnrollmentError) in try await ledger.user(name) }
            guard let user else { throw .notFound("user", name, "gatehouse device list") }
            return RevocationWish(
                kind: "user",
                words: "of user \(Table.printable(user.principalName))",
                values: [user.id],
                way: .selected(.user(user.id))
            )
        }
        if let key = self.key {
            let digest = try KeyArgument.digest(key)
            let text = Hexadecimal.encode(digest)
            return RevocationWish(
                kind: "key",
                words: "with key \(text)",
                values: [text],
                way: .selected(.key(digest)),
                blockedKey: digest
            )
        }
        if let issuer = self.issuer {
            let issuers = try await answer { () throws(EnrollmentError) in try await ledger.issuers() }
            guard let record = issuers.first(where: { $0.id == issuer }) else {
                throw .notFound("issuer", issuer, "one of these: \(issuers.map(\.id).joined(separator: ", "))")
            }
            return RevocationWish(
                kind: "issuer",
                words: "of issuer \(issuer)",
                values: [issuer],
                way: .selected(.issuer(issuer)),
                exception: record.signedBy == record.id ? record.certificateSerial : nil
            )
        }
        if let file = self.file {
            return RevocationWish(
                kind: "file",
                words: "named in \(file)",
                values: [file],
                way: .named(try SerialNumberFile.read(file))
            )
        }
        return try self.namedWish()
    }

    private func namedWish() throws(CommandProblem) -> RevocationWish {
        var serialNumbers: [SerialNumber] = []
        for text in self.serial {
            guard let serialNumber = SerialNumber(text) else {
                throw .notFound("certificate", text, "gatehouse cert list")
            }
            if !serialNumbers.contains(serialNumber) { serialNumbers.append(serialNumber) }
        }
        return RevocationWish(
            kind: "serial",
            words: "named",
            values: serialNumbers.map { "\($0)" },
            way: .named(serialNumbers)
        )
    }

    private static func wish(
        thumbprint text: String,
        in ledger: any LedgerStore
    ) async throws(CommandProblem) -> RevocationWish {
        guard let thumbprint = Hexadecimal.decode(text.filter { $0 != ":" && $0 != " " }), thumbprint.count == 32 else {
            throw .usage("--thumbprint takes the 64 hexadecimal digits of a SHA-256", see: "cert revoke")
        }
        let record = try await answer { () throws(EnrollmentError) in
            try await ledger.certificate(thumbprint: thumbprint)
        }
        guard let record else { throw .notFound("certificate", text, "gatehouse cert list") }
        return RevocationWish(
            kind: "thumbprint",
            words: "named",
            values: [Hexadecimal.encode(thumbprint)],
            way: .named([record.serialNumber])
        )
    }
}
