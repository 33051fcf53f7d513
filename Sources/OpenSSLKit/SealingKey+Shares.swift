internal import COpenSSL

extension SealingKey {
    /// The most shares of one key.
    public static let mostShares = 16

    /// Splits the key: any `threshold` of the `count` shares give it back, fewer say nothing about it.
    ///
    /// - Throws: ``KeyShareError/numbers`` unless 2 ≤ threshold ≤ count ≤ 16, or the library's own error.
    public func split(among count: Int, threshold: Int) throws(KeyShareError) -> [KeyShare] {
        guard (2...Self.mostShares).contains(count), (2...count).contains(threshold) else { throw .numbers }
        do throws(OpenSSLError) {
            let setID = try SystemRandom.octets(KeyShare.setIDLength)
            // Of every octet's polynomial all but the constant, which is the key's own octet.
            ERR_clear_error()
            let coefficients = try SecretOctets(count: Self.length * (threshold - 1)) { (memory) throws(OpenSSLError) in
                let start = memory.bindMemory(to: UInt8.self).baseAddress
                try OpenSSL.check(RAND_priv_bytes(start, CInt(memory.count)), "RAND_priv_bytes")
            }
            return (1...count).map { number in
                let value = self.value(at: FieldElement(UInt8(number)), coefficients, degree: threshold - 1)
                return KeyShare(setID: setID, threshold: threshold, count: count, number: number, value: value)
            }
        } catch {
            throw .library(error)
        }
    }

    private func value(at x: FieldElement, _ coefficients: borrowing SecretOctets, degree: Int) -> SecretOctets {
        SecretOctets(count: Self.length) { memory in
            self.key.withOctets { key in
                coefficients.withOctets { coefficients in
                    for index in 0..<Self.length {
                        var sum = FieldElement(0)
                        for power in 0..<degree { sum = (sum + FieldElement(coefficients[index * degree + power])) * x }
                        memory[index] = (sum + FieldElement(key[index])).octet
                    }
                }
            }
        }
    }

    /// Puts a key together again; whether it is the right one shows when it opens what it sealed.
    ///
    /// - Parameter shares: At least ``KeyShare/threshold`` different ones of one splitting; more have to agree.
    /// - Throws: ``KeyShareError`` that says what is wrong with them.
    public convenience init(joining shares: [KeyShare]) throws(KeyShareError) {
        guard let first = shares.first else { throw .noShare }
        var seen: Set<Int> = []
        for share in shares {
            guard share.setID == first.setID, share.threshold == first.threshold, share.count == first.count,
                share.value.count == Self.length, (1...share.count).contains(share.number)
            else { throw .mixed }
            guard seen.insert(share.number).inserted else { throw .repeated(number: share.number) }
        }
        guard shares.count >= first.threshold else { throw .tooFew(given: shares.count, needed: first.threshold) }
        let chosen = Array(shares[..<first.threshold])
        for surplus in shares[first.threshold...] {
            let expected = Self.value(at: FieldElement(UInt8(surplus.number)), through: chosen)
            let agrees = expected.withOctets { expected in
                surplus.value.withOctets { CRYPTO_memcmp(expected.baseAddress, $0.baseAddress, Self.length) == 0 }
            }
            guard agrees else { throw .disagree }
        }
        self.init(adopting: Self.value(at: FieldElement(0), through: chosen))
    }

    /// Lagrange's interpolation, octet by octet.
    private static func value(at x: FieldElement, through shares: [KeyShare]) -> SecretOctets {
        let points = shares.map { FieldElement(UInt8($0.number)) }
        return SecretOctets(count: Self.length) { memory in
            for index in 0..<Self.length { memory[index] = 0 }
            for (position, share) in shares.enumerated() {
                var weight = FieldElement(1)
                for (other, point) in points.enumerated() where other != position {
                    weight = weight * (x + point) * (points[position] + point).inverse
                }
                share.value.withOctets { value in
                    for index in 0..<Self.length {
                        memory[index] ^= (FieldElement(value[index]) * weight).octet
                    }
                }
            }
        }
    }
}
