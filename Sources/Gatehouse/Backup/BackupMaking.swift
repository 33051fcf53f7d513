import ArgumentParser
import Authority
import EnrollmentCore
import Glibc
import Ledger
import OpenSSLKit
import ServiceRuntime
import Synchronization

/// Makes a backup of the configured store, beside whoever uses it.
struct BackupMaking {
    private static let piece = 1 << 20

    let configuration: Configuration
    let file: String
    /// Where the image is while it is made.
    let temporary: String
    let passphrase: Redacted<[UInt8]>
    let mandate: Mandate

    /// What was made.
    struct Outcome: Sendable {
        let manifest: BackupManifest
        let signer: BackupSignature.Signer
        /// Of the whole file.
        let octets: Int64
        let act: AdministrativeAct
        /// What is not as it has to be in the store, and so in the backup.
        let findings: [String]
    }

    func perform(_ ledger: any LedgerStore, keys: any IssuerKeySource) async throws(CommandProblem) -> Outcome {
        let target = try BackupFile(path: self.file)
        let shutdown = ShutdownSignal()
        let interrupt = Interrupt.onFirst { shutdown.raise() }
        defer { interrupt.cancel() }
        let place = try self.configuration.store.place()
        // Before the first look: nothing that happens from here on may be taken for known.
        let made = SystemClock().now
        let meter = Mutex(ProgressMeter?.none)
        let total = Mutex(0)
        let (image, facts) = try await self.wrapped { () throws(EnrollmentError) in
            let image = try StoreImage(in: self.temporary)
            let facts = try await image.fill(
                from: place,
                digest: { try Digest.sha256($0) },
                progress: { progress in
                    total.withLock { $0 = progress.total }
                    meter.withLock { meter in
                        if meter == nil { meter = ProgressMeter("reading rows", total: progress.total) }
                        meter?.advance(to: progress.done, failed: 0)
                    }
                },
                isStopped: { shutdown.isRaised }
            )
            return (image, facts)
        }
        let rows = total.withLock { $0 }
        meter.withLock { $0?.finish(at: rows, failed: 0) }
        // Nobody wants to hear of it for the first time when the backup is all that is left.
        let check = try await self.wrapped { () throws(EnrollmentError) in
            try await image.check(naming: 3, digest: { try Digest.sha256($0) })
        }
        let manifest = try self.manifest(facts, of: image, made: made)
        let descriptor = target.descriptor
        let (signer, octets) = try await self.wrapped { () throws(EnrollmentError) in
            let text = Array(manifest.json.text.utf8)
            let signature = try await BackupSignature.sign(text, issuers: facts.issuers, keys: keys)
            let envelope = BackupEnvelope(manifest: text, signature: signature, imageLength: manifest.imageLength)
            return (try signature.verify(text), try self.write(envelope, image, to: descriptor))
        }
        try target.finish()
        let act = try await self.wrapped { () throws(EnrollmentError) in
            let act = try self.mandate.act(.backUp, at: SystemClock().now)
            try await ledger.recordBackup(act, facts: self.facts(manifest, octets))
            return act
        }
        return Outcome(
            manifest: manifest,
            signer: signer,
            octets: octets,
            act: act,
            findings: check.findings(ofFile: true) + check.findings(ofFile: false)
        )
    }

    private func manifest(
        _ facts: StoreImageFacts,
        of image: StoreImage,
        made: Timestamp
    ) throws(CommandProblem) -> BackupManifest {
        let summary: (Int64, [UInt8])
        var failure: Int32?
        do throws(OpenSSLError) {
            let digest = try RunningDigest()
            var length: Int64 = 0
            var buffer = [UInt8](repeating: 0, count: Self.piece)
            while true {
                let count = pread(image.descriptor, &buffer, buffer.count, off_t(length))
                guard count > 0 else {
                    failure = count < 0 ? errno : nil
                    break
                }
                try digest.append(buffer[..<count])
                length += Int64(count)
            }
            summary = (length, try digest.finish())
        } catch {
            throw .digest(error)
        }
        // A shorter image with a digest to match would be a backup of half a store.
        if let failure { throw .backup(Self.unreadable(failure), self.file) }
        return try BackupManifest(
            facts,
            image: summary,
            of: self.configuration.store,
            made: made,
            by: CommandActor.name,
            program: GatehouseCommand.configuration.version,
            thumbprint: thumbprint
        )
    }

    private func write(
        _ envelope: BackupEnvelope,
        _ image: StoreImage,
        to descriptor: Int32
    ) throws(EnrollmentError) -> Int64 {
        let writer = try BackupWriter(
            to: descriptor,
            passphrase: SecretOctets(self.passphrase.reveal()),
            header: try BackupHeader.fresh()
        )
        try writer.append(envelope.octets[...])
        var meter = ProgressMeter("writing KiB", total: Int(envelope.imageLength >> 10))
        var buffer = [UInt8](repeating: 0, count: Self.piece)
        var offset: Int64 = 0
        while offset < envelope.imageLength {
            let count = pread(image.descriptor, &buffer, buffer.count, off_t(offset))
            guard count > 0 else {
                throw Self.unreadable(errno)
            }
            try writer.append(buffer[..<count])
            offset += Int64(count)
            meter.advance(to: Int(offset >> 10), failed: 0)
        }
        meter.finish(at: Int(offset >> 10), failed: 0)
        return try writer.finish()
    }

    private static func unreadable(_ number: Int32) -> EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "The temporary image cannot be read: \(String(cString: strerror(number))).",
            rule: "backup.temporary"
        )
    }

    private func facts(_ manifest: BackupManifest, _ octets: Int64) -> [Fact] {
        [
            Fact("file", self.file), Fact("octets", String(octets)),
            Fact("image-sha256", Hexadecimal.encode(manifest.imageDigest)),
            Fact("certificates", String(manifest.rows(of: "certificate"))),
            Fact("devices", String(manifest.rows(of: "device"))),
        ]
    }

    private func wrapped<Value>(
        _ body: () async throws(EnrollmentError) -> Value
    ) async throws(CommandProblem) -> Value {
        do throws(EnrollmentError) {
            return try await body()
        } catch {
            throw .backup(error, self.file)
        }
    }
}

extension StoreLocation {
    /// The store as the copier and backups take it.
    func place() throws(CommandProblem) -> StorePlace {
        switch self {
        case .sqlite(let path): .sqlite(path: path)
        case .postgres(let location): .postgres(try StoreOpening.settings(location))
        }
    }
}
