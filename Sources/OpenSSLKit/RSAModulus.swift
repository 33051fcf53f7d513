internal import COpenSSL

/// What can be seen of an RSA modulus from outside.
public enum RSAModulus {
    /// Whether the modulus falls to Fermat's method within `rounds`: its two primes were chosen too close together.
    ///
    /// Printers and a widely used library made such keys (CVE-2022-26320).
    public static func hasCloseFactors(_ modulus: [UInt8], rounds: Int) throws(OpenSSLError) -> Bool {
        ERR_clear_error()
        let work = try Handle<NumberContextObject>(adopting: BN_CTX_new(), from: "BN_CTX_new")
        let n = try Handle<NumberObject>(adopting: BN_bin2bn(modulus, CInt(modulus.count), nil), from: "BN_bin2bn")
        let a = try Self.squareRoot(of: n, work)
        let square = try Handle<NumberObject>(adopting: BN_new(), from: "BN_new")
        try OpenSSL.check(BN_sqr(square.pointer, a.pointer, work.pointer), "BN_sqr")
        if BN_cmp(square.pointer, n.pointer) == 0 { return true }
        // From here on a = ⌈√n⌉ and b² = a² − n; the next b² is this one plus 2a + 1.
        try OpenSSL.check(BN_add_word(a.pointer, 1), "BN_add_word")
        let b = try Handle<NumberObject>(adopting: BN_new(), from: "BN_new")
        try OpenSSL.check(BN_sqr(b.pointer, a.pointer, work.pointer), "BN_sqr")
        try OpenSSL.check(BN_sub(b.pointer, b.pointer, n.pointer), "BN_sub")
        for _ in 0..<rounds {
            if try Self.isSquare(b, work) { return true }
            try OpenSSL.check(BN_add(b.pointer, b.pointer, a.pointer), "BN_add")
            try OpenSSL.check(BN_add(b.pointer, b.pointer, a.pointer), "BN_add")
            try OpenSSL.check(BN_add_word(b.pointer, 1), "BN_add_word")
            try OpenSSL.check(BN_add_word(a.pointer, 1), "BN_add_word")
        }
        return false
    }

    /// Bit n is set when a square may leave the remainder n.
    private static let squaresModulo64 = (0..<64 as Range<UInt64>).reduce(0 as UInt64) { $0 | 1 << ($1 * $1 % 64) }

    private static func isSquare(
        _ number: borrowing Handle<NumberObject>,
        _ work: borrowing Handle<NumberContextObject>
    ) throws(OpenSSLError) -> Bool {
        // Squares leave few remainders: these two tests spare the root in 99 of 100 cases.
        let low = BN_mod_word(number.pointer, 64)
        guard Self.squaresModulo64 >> low & 1 == 1 else { return false }
        let remainder = BN_mod_word(number.pointer, 63 * 65 * 11)
        let isPossible = [63, 65, 11].allSatisfy { (modulus: UInt) in
            (0..<modulus).contains { $0 * $0 % modulus == UInt(remainder) % modulus }
        }
        guard isPossible else { return false }
        let root = try Self.squareRoot(of: number, work)
        let square = try Handle<NumberObject>(adopting: BN_new(), from: "BN_new")
        try OpenSSL.check(BN_sqr(square.pointer, root.pointer, work.pointer), "BN_sqr")
        return BN_cmp(square.pointer, number.pointer) == 0
    }

    /// ⌊√number⌋ by Newton's method, from a start that is never below it.
    private static func squareRoot(
        of number: borrowing Handle<NumberObject>,
        _ work: borrowing Handle<NumberContextObject>
    ) throws(OpenSSLError) -> Handle<NumberObject> {
        let guess = try Handle<NumberObject>(adopting: BN_new(), from: "BN_new")
        let next = try Handle<NumberObject>(adopting: BN_new(), from: "BN_new")
        guard BN_num_bits(number.pointer) > 0 else { return guess }
        try OpenSSL.check(BN_set_bit(guess.pointer, (BN_num_bits(number.pointer) + 1) / 2), "BN_set_bit")
        while true {
            try OpenSSL.check(BN_div(next.pointer, nil, number.pointer, guess.pointer, work.pointer), "BN_div")
            try OpenSSL.check(BN_add(next.pointer, next.pointer, guess.pointer), "BN_add")
            try OpenSSL.check(BN_rshift1(next.pointer, next.pointer), "BN_rshift1")
            guard BN_cmp(next.pointer, guess.pointer) < 0 else { return guess }
            BN_swap(guess.pointer, next.pointer)
        }
    }
}

enum NumberContextObject: ForeignObject {
    static func release(_ pointer: OpaquePointer) { BN_CTX_free(pointer) }
}
