package import EnrollmentCore
package import OpenSSLKit

/// An authority's key that only several people together can open, as the store keeps it.
///
/// One octet version, the shares' set id, threshold and count in one octet each; then the key as PKCS #8, sealed under a
/// key of its own of which people hold shares.
package struct SplitKey: Hashable, Sendable {
    private static let version: UInt8 = 1

    /// Names the shares that open it.
    package let setID: [UInt8]
    package let threshold: Int
    package let count: Int
    private let sealed: [UInt8]

    /// Seals `key` under a fresh key and splits that.
    ///
    /// - Throws: ``EnrollmentError`` with code `messageFormat` and rule `shares.numbers` unless 2 ≤ threshold ≤ count ≤ 16.
    package static func make(
        of key: SigningKey,
        owner: String,
        threshold: Int,
        count: Int
    ) throws(EnrollmentError) -> (key: SplitKey, shares: [KeyShare]) {
        let (sealingKey, sealed) = try library("shares.seal") { () throws(OpenSSLError) in
            let fresh = try SealingKey.generate()
            return (fresh, try fresh.seal(try key.privateKeyInfo(), for: KeyPurpose.of(owner)))
        }
        let shares: [KeyShare]
        do throws(KeyShareError) {
            shares = try sealingKey.split(among: count, threshold: threshold)
        } catch {
            throw EnrollmentError(error)
        }
        let setID = shares.first?.setID ?? []
        return (SplitKey(setID: setID, threshold: threshold, count: count, sealed: sealed), shares)
    }

    private init(setID: [UInt8], threshold: Int, count: Int, sealed: [UInt8]) {
        self.setID = setID
        self.threshold = threshold
        self.count = count
        self.sealed = sealed
    }

    package var octets: [UInt8] {
        [Self.version] + self.setID + [UInt8(self.threshold), UInt8(self.count)] + self.sealed
    }

    /// - Throws: ``EnrollmentError`` with rule `shares.key` for octets that ``octets`` never gave.
    package init(octets: [UInt8]) throws(EnrollmentError) {
        let head = 3 + KeyShare.setIDLength
        guard octets.count > head, octets[0] == Self.version,
            (2...SealingKey.mostShares).contains(Int(octets[head - 1])),
            (2...octets[head - 1]).contains(octets[head - 2])
        else {
            throw EnrollmentError(.internalService, "A split key cannot be read. Restore it.", rule: "shares.key")
        }
        self.setID = Array(octets[1...KeyShare.setIDLength])
        self.threshold = Int(octets[head - 2])
        self.count = Int(octets[head - 1])
        self.sealed = Array(octets[head...])
    }

    /// Opens it with shares, of which those of other keys are left aside.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` for shares that are too few or do not go together.
    package func open(with shares: [KeyShare], owner: String) throws(EnrollmentError) -> SigningKey {
        let own = shares.filter { $0.setID == self.setID }
        guard !own.isEmpty else {
            throw EnrollmentError(
                .authorization,
                "The key of \(owner) takes \(self.threshold) shares of set \(self.setName), and none was given.",
                rule: "shares.missing"
            )
        }
        let joined: SealingKey
        do throws(KeyShareError) {
            joined = try SealingKey(joining: own)
        } catch {
            throw EnrollmentError(error)
        }
        let secret: SecretOctets
        do throws(SealingKey.OpeningError) {
            secret = try joined.open(self.sealed, for: KeyPurpose.of(owner))
        } catch {
            throw EnrollmentError(
                .authorization,
                "The shares do not open the key of \(owner): one of them is not of this key, or the key is damaged.",
                rule: "shares.key",
                cause: error
            )
        }
        do throws(OpenSSLError) {
            return try SigningKey(privateKeyInfo: secret)
        } catch {
            throw EnrollmentError(
                .internalService,
                "What the shares open is not a usable key of \(owner): \(error).",
                rule: "shares.key",
                cause: error
            )
        }
    }

    /// The set's id as shares and messages write it.
    package var setName: String { KeyShare.name(ofSet: self.setID) }
}

extension EnrollmentError {
    /// In words that say what to do; nothing of a share is in them.
    package init(_ error: KeyShareError) {
        let (rule, sentence): (String, String) =
            switch error {
            case .numbers:
                ("shares.numbers", "2 to 16 shares, of which at least 2 are needed, are expected, such as 3/5.")
            case .noShare: ("shares.missing", "No share was given.")
            case .mixed: ("shares.mixed", "The shares are of different sets. Give shares of one set.")
            case .repeated(let number): ("shares.repeated", "Share \(number) was given twice. Give different ones.")
            case .tooFew(let given, let needed):
                ("shares.too-few", "\(given) of the \(needed) shares that are needed were given.")
            case .disagree: ("shares.disagree", "The shares contradict each other: one of them is not of this set.")
            case .line(let line): ("shares.line", "Line \(line) of the share has a mistake. Compare it with the paper.")
            case .checksum:
                ("shares.checksum", "The share's lines are each right, but not of one share, or not in order.")
            case .library(let error): ("shares.library", "The cryptographic library failed: \(error).")
            }
        self.init(.authorization, sentence, rule: rule, cause: error)
    }
}

extension KeyShare {
    /// `7F3C-22A0`: a set id in hexadecimal, in two groups.
    package static func name(ofSet setID: [UInt8]) -> String {
        let digits = Hexadecimal.encode(setID).uppercased()
        return "\(digits.prefix(4))-\(digits.dropFirst(4))"
    }
}
