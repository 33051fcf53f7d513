/// One person's part of a sealing key: as many of them as ``threshold`` says give the key, fewer say nothing about it.
///
/// Shamir's sharing over GF(2⁸) with the polynomial of AES, one polynomial for each octet of the key: see
/// ``SealingKey/split(among:threshold:)``.
public final class KeyShare: Sendable {
    /// Names the splitting: shares of different ones do not go together.
    public let setID: [UInt8]
    /// How many give the key.
    public let threshold: Int
    /// How many there are.
    public let count: Int
    /// Which one this is, from 1.
    public let number: Int
    let value: SecretOctets

    /// Octets of ``setID``.
    public static let setIDLength = 4

    init(setID: [UInt8], threshold: Int, count: Int, number: Int, value: consuming SecretOctets) {
        self.setID = setID
        self.threshold = threshold
        self.count = count
        self.number = number
        self.value = value
    }
}

/// Why shares did not give a key.
public enum KeyShareError: Error, Hashable, Sendable {
    /// A threshold from 2 to the count, and 16 shares at most, are expected.
    case numbers
    case noShare
    /// Not all of one splitting.
    case mixed
    /// The same share twice.
    case repeated(number: Int)
    case tooFew(given: Int, needed: Int)
    /// More were given than are needed, and they do not agree.
    case disagree
    /// A line is missing, surplus, or not written as ``KeyShare/lines`` gives it; lines count from 1.
    case line(Int)
    /// Every line is right by itself, and yet they do not go together: lines of different shares, or in another order.
    case checksum
    case library(OpenSSLError)
}
