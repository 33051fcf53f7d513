import EnrollmentCore
import HTTPTransport
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

    /// Notes that the device of that certificate was here, unless that was noted a moment ago.
    func saw(_ thumbprint: [UInt8]) {
        let now = self.clock.now
        let isNews = self.noted.withLock { noted in
            if let last = noted[thumbprint], last <= now, now < last.adding(seconds: Self.pause) { return false }
            if noted.count >= Self.most { noted.removeAll(keepingCapacity: true) }
            noted[thumbprint] = now
            return true
        }
        if isNews {
            self.ledger.noteEventually(Contact(thumbprint: thumbprint, witness: .mutualTLS, time: now))
        }
    }
}
