import EnrollmentCore
import HTTPTransport
import Logging
import OpenSSLKit
import Synchronization
import TLSTransport

/// Says which certificate a connection was made with, and notes its device as seen.
///
/// A device is noted every ten minutes at most: what a busy device costs is one look into memory.
final class ContactWatch: Sendable {
    private static let pause: Int64 = 600
    /// Starting over costs one write for each device that comes again.
    private static let most = 65_536

    private let ledger: any DeviceLedger
    private let clock: any WallClock
    private let noted = Mutex<[[UInt8]: Timestamp]>([:])

    init(ledger: any DeviceLedger, clock: any WallClock) {
        self.ledger = ledger
        self.clock = clock
    }

    /// SHA-256 over the certificate whose key the device proved, to us or to a proxy that we trust; `nil` for none.
    ///
    /// Whether it chains to us and still counts does not matter here: it is looked up among those that we issued.
    func thumbprint(of origin: RequestOrigin) throws(EnrollmentError) -> [UInt8]? {
        let leaf: [UInt8]
        switch origin.certificate {
        case .connection(.verified(let der)), .connection(.unverified(let der, _)), .forwarded(let der): leaf = der
        case .connection(.none), .unusable, .none: return nil
        }
        do throws(OpenSSLError) {
            return try Digest.sha256(leaf)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The cryptographic library made no digest: \(error).",
                rule: "thumbprint",
                cause: error
            )
        }
    }

    /// Whether ``saw(_:_:)`` would have something to do.
    func isNews(_ thumbprint: [UInt8]) -> Bool {
        let now = self.clock.now
        return self.noted.withLock { noted in
            guard let last = noted[thumbprint] else { return true }
            return last > now || now >= last.adding(seconds: Self.pause)
        }
    }

    /// Notes that the device of that certificate was here, unless that was noted a moment ago.
    ///
    /// It is written before the request is answered: a device that has been seen with its new certificate must not be
    /// able to renew the old one a moment later. A store that is away keeps no device waiting for more than its own time
    /// limit, and no answer from being given.
    func saw(_ thumbprint: [UInt8], _ logger: Logger) async {
        guard self.isNews(thumbprint) else { return }
        let now = self.clock.now
        do throws(EnrollmentError) {
            _ = try await self.ledger.note(Contact(thumbprint: thumbprint, witness: .mutualTLS, time: now))
        } catch {
            logger.warning("a contact was not noted", metadata: ["rule": "\(error.rule)", "detail": "\(error.detail)"])
            return
        }
        self.noted.withLock { noted in
            if noted.count >= Self.most { noted.removeAll(keepingCapacity: true) }
            noted[thumbprint] = now
        }
    }
}
