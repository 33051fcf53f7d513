import Authority
import EnrollmentCore
import Glibc
import Ledger
import OpenSSLKit
import ServiceRuntime

/// A backup that was read from its first octet to its last, and what is to be said against it.
struct OpenedBackup: Sendable {
    let file: String
    let octets: Int64
    let manifest: BackupManifest
    let signer: BackupSignature.Signer
    /// Whether somebody named the root.
    let isVouchedFor: Bool
    /// The store that is in it, up to date.
    let image: StoreImage
    let facts: StoreImageFacts
    /// What shows that it is not what was backed up; never to be restored.
    let damage: [String]
    /// What was not as it has to be in the store itself, when the backup was made.
    let broken: [String]
    let check: StoreCheckReport

    /// Everything that is to be said against it.
    var findings: [String] { self.damage + self.broken }
}

extension StoreCheckReport {
    /// What tells of a damaged file, and not of a store that somebody has made mistakes in.
    private static let structural: Set = ["schema", "integrity"]

    /// What is broken, each in words; apart from the file itself, unless that is asked for.
    func findings(ofFile isOfFile: Bool) -> [String] {
        self.outcomes.filter { $0.status == .broken && Self.structural.contains($0.name) == isOfFile }.map { outcome in
            let examples = outcome.examples.isEmpty ? "" : " (\(outcome.examples.joined(separator: "; ")))"
            return "\(outcome.name): \(outcome.count) not so: \(outcome.what)\(examples)"
        }
    }
}

/// Opens backups: everything is read and checked before anything of it is used.
struct BackupOpening {
    let file: String
    let temporary: String
    let passphrase: Redacted<[UInt8]>
    /// A file with the root that has to vouch for the backup; `nil` when nobody named one.
    let root: String?

    /// - Throws: ``CommandProblem`` for what cannot be decrypted, was not signed, or is not the root's.
    func perform() async throws(CommandProblem) -> OpenedBackup {
        let expected = try self.root.map { (file) throws(CommandProblem) in try Self.fingerprint(of: file) }
        let descriptor = open(self.file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandProblem(
                "GH-BACKUP-006",
                "the backup cannot be read: \(FileError(path: self.file, code: errno))",
                exit: .notFound
            )
        }
        defer { close(descriptor) }
        do throws(EnrollmentError) {
            let reader = try BackupReader(from: descriptor, passphrase: SecretOctets(self.passphrase.reveal()))
            let envelope = try BackupEnvelope(from: reader)
            let signer = try envelope.signature.verify(envelope.manifest)
            if let expected, expected != signer.root {
                throw EnrollmentError(
                    .messageFormat,
                    "The backup was signed under the root \(Hexadecimal.encode(signer.root)), which is not the one in --root.",
                    rule: "backup.root"
                )
            }
            let manifest = try Self.manifest(envelope)
            let image = try StoreImage(in: self.temporary)
            try Self.receive(image, from: reader, manifest)
            return try await self.judge(
                image,
                manifest,
                signer,
                isVouchedFor: expected != nil,
                Self.size(of: descriptor)
            )
        } catch {
            throw .backup(error, self.file)
        }
    }

    private static func fingerprint(of file: String) throws(CommandProblem) -> [UInt8] {
        let octets: [UInt8]
        do throws(FileError) {
            octets = try FilePath.read(file, limit: 1 << 20)
        } catch {
            throw CommandProblem("GH-USAGE-016", "--root cannot be read: \(error)", exit: .usage)
        }
        return try thumbprint(PEM.decode(octets, labels: ["CERTIFICATE"])?.der ?? octets)
    }

    private static func size(of descriptor: Int32) -> Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    private static func manifest(_ envelope: BackupEnvelope) throws(EnrollmentError) -> BackupManifest {
        let manifest: BackupManifest
        do throws(SettingsError) {
            manifest = try BackupManifest(reading: envelope.manifest)
        } catch {
            throw Self.content("its manifest cannot be read: \(error)")
        }
        guard manifest.imageLength == envelope.imageLength else { throw Self.content("its image has another length") }
        return manifest
    }

    private static func content(_ why: String) -> EnrollmentError {
        EnrollmentError(
            .internalService,
            "The backup is not as this program makes them: \(why).",
            rule: "backup.content"
        )
    }

    /// Writes the image into a file of its own, to the very end of the backup.
    private static func receive(
        _ image: StoreImage,
        from reader: BackupReader,
        _ manifest: BackupManifest
    ) throws(EnrollmentError) {
        let digest = try Self.digesting { () throws(OpenSSLError) in try RunningDigest() }
        var length: Int64 = 0
        var meter = ProgressMeter("reading KiB", total: Int(manifest.imageLength >> 10))
        while let piece = try reader.takeSome() {
            try Self.digesting { () throws(OpenSSLError) in try digest.append(piece[...]) }
            try Self.write(piece, to: image.descriptor, at: length)
            length += Int64(piece.count)
            meter.advance(to: Int(length >> 10), failed: 0)
        }
        meter.finish(at: Int(length >> 10), failed: 0)
        let sum = try Self.digesting { () throws(OpenSSLError) in try digest.finish() }
        guard length == manifest.imageLength, sum == manifest.imageDigest else {
            throw Self.content("its image is not the one that was signed")
        }
    }

    private static func digesting<Value>(
        _ body: () throws(OpenSSLError) -> Value
    ) throws(EnrollmentError) -> Value {
        do throws(OpenSSLError) {
            return try body()
        } catch {
            throw EnrollmentError(.internalService, "The library made no digest: \(error).", rule: "backup.digest")
        }
    }

    private static func write(_ piece: [UInt8], to descriptor: Int32, at offset: Int64) throws(EnrollmentError) {
        var done = 0
        while done < piece.count {
            let count = piece.withUnsafeBytes { octets in
                pwrite(
                    descriptor,
                    octets.baseAddress?.advanced(by: done),
                    piece.count - done,
                    off_t(offset) + off_t(done)
                )
            }
            guard count > 0 else {
                let code = errno
                throw EnrollmentError(
                    .enrollmentServer,
                    "There is no room for the temporary image of the store (\(String(cString: strerror(code)))); free space,"
                        + " or name another folder with --temporary.",
                    rule: "backup.full"
                )
            }
            done += count
        }
    }

    private func judge(
        _ image: StoreImage,
        _ manifest: BackupManifest,
        _ signer: BackupSignature.Signer,
        isVouchedFor: Bool,
        _ octets: Int64
    ) async throws(EnrollmentError) -> OpenedBackup {
        let wasOlder = try await image.open()
        let facts = try await image.facts(digest: { try Digest.sha256($0) })
        let issuers: [BackupManifest.Issuer]
        do throws(CommandProblem) {
            issuers = try BackupManifest.issuers(facts.issuers, thumbprint)
        } catch {
            throw EnrollmentError(.internalService, "\(error.sentence).", rule: "backup.digest")
        }
        // One that was brought up to date has other tables than its manifest says; the image's digest covers it all.
        var damage = wasOlder ? [] : manifest.differences(from: facts, issuers: issuers)
        let active = issuers.filter { $0.role == "issuing" && $0.state == "active" }.map(\.thumbprint)
        if !active.contains(signer.issuer) {
            damage.append("it was signed by another than the active issuer that is in it")
        }
        let check = try await image.check(naming: 3, digest: { try Digest.sha256($0) })
        return OpenedBackup(
            file: self.file,
            octets: octets,
            manifest: manifest,
            signer: signer,
            isVouchedFor: isVouchedFor,
            image: image,
            facts: facts,
            damage: damage + check.findings(ofFile: true),
            broken: check.findings(ofFile: false),
            check: check
        )
    }
}
