internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// Judges whether a public key is fit to be certified.
enum KeyQuality {
    private static let minimumBits = 2_048
    private static let maximumBits = 8_192
    /// Octets.
    private static let maximumExponent = 32
    private static let fermatRounds = 100

    /// The odd primes below 752, multiplied together as long as the product fits 64 bits.
    private static let primeProducts: [UInt64] = {
        var products: [UInt64] = []
        var product: UInt64 = 1
        for candidate in stride(from: UInt64(3), through: 751, by: 2)
        where !stride(from: 3, to: candidate, by: 2).contains(where: { candidate % $0 == 0 }) {
            let (next, overflow) = product.multipliedReportingOverflow(by: candidate)
            if overflow {
                products.append(product)
                product = candidate
            } else {
                product = next
            }
        }
        return products + [product]
    }()

    /// - Throws: ``EnrollmentError`` with code `certificateRequest` and a rule below `key.`.
    static func judge(_ key: PublicKeyInfo.Key) throws(EnrollmentError) {
        guard case .rsa(let modulus, let exponent) = key else { return }
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard bits >= self.minimumBits else {
            throw self.refusal("key.too-short", "an RSA key of \(bits) bits; at least \(self.minimumBits) are needed")
        }
        guard bits <= self.maximumBits else {
            throw self.refusal("key.too-long", "an RSA key of \(bits) bits; at most \(self.maximumBits) are taken")
        }
        guard exponent.last.map({ $0 & 1 == 1 }) ?? false, exponent.count >= 3,
            exponent.count <= self.maximumExponent
        else {
            throw self.refusal("key.exponent", "an RSA exponent that is even, below 65537 or beyond 2²⁵⁶")
        }
        guard modulus.last.map({ $0 & 1 == 1 }) ?? false, !self.hasSmallFactor(modulus) else {
            throw self.refusal("key.small-factor", "an RSA modulus with a small prime factor")
        }
        let isClose: Bool
        do throws(OpenSSLError) {
            isClose = try RSAModulus.hasCloseFactors(modulus, rounds: self.fermatRounds)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The library could not examine an RSA modulus: \(error).",
                rule: "key.examination",
                cause: error
            )
        }
        guard !isClose else {
            throw self.refusal("key.close-primes", "an RSA modulus whose primes are too close together")
        }
    }

    /// Whether checking a signature with this key would be a favor to whoever sent it.
    static func isCostly(_ key: PublicKeyInfo.Key) -> Bool {
        guard case .rsa(let modulus, let exponent) = key else { return false }
        return modulus.count * 8 > self.maximumBits || exponent.count > self.maximumExponent
    }

    private static func refusal(_ rule: String, _ what: String) -> EnrollmentError {
        EnrollmentError(
            .certificateRequest,
            "The certificate request holds \(what). The device has to make a better key.",
            rule: rule
        )
    }

    private static func hasSmallFactor(_ modulus: [UInt8]) -> Bool {
        let limbs = self.limbs(of: modulus)
        return self.primeProducts.contains { product in
            var remainder: UInt64 = 0
            for limb in limbs { remainder = product.dividingFullWidth((remainder, limb)).remainder }
            return self.greatestCommonDivisor(product, remainder) > 1
        }
    }

    private static func greatestCommonDivisor(_ left: UInt64, _ right: UInt64) -> UInt64 {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return left
    }

    /// Most significant first.
    private static func limbs(of octets: [UInt8]) -> [UInt64] {
        var limbs: [UInt64] = []
        limbs.reserveCapacity(octets.count / 8 + 1)
        var limb: UInt64 = 0
        for (index, octet) in octets.enumerated() {
            limb = limb << 8 | UInt64(octet)
            if (octets.count - index) % 8 == 1 {
                limbs.append(limb)
                limb = 0
            }
        }
        return limbs
    }
}
