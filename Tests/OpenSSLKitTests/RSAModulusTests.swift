import OpenSSLKit
import Testing
import X509Kit

@Suite("RSA modulus", .timeLimit(.minutes(25)))
struct RSAModulusTests {
    /// The product of a prime of 1024 bits and the very next prime.
    private static let neighbors = octets(
        """
        aacd6780703d3580536bef1352fb26719b3f2edc788f9ebf4db80bde6d78d7e8\
        dd54403875af7c161cb9ccb0f8f73d079cc0e3724d48fa49674a26c76c5c2027\
        631e3216ad04d51ebb20b8d720baccd08c7a72e2ab6a4f415b41b3af69e92f99\
        b7d5a2282fb773110c7ae9f0d82c0c57794c647b8b79040579fe404058e55c86\
        c5e428e3342e0b6bbdd9fcf39d294041ad51a1223e70063093221c41f5db131e\
        8b7e7ae97ae60b54859f5d6b1137dd1da20018ee7e2dfa4f97cabb83ed70199c\
        333532e5ac8badb6ca310c0807fbdcf6791bc7ba1258f32b824b6053d6a10102\
        75c5782a37549261a3ba67d930518f489ff5969001a9845486fbfa15965fc463
        """
    )

    /// The product of two primes that differ in their lower half alone: Fermat's method takes 41 rounds.
    private static let fortyOneRounds = octets(
        """
        aacd6780703d3580536bef1352fb26719b3f2edc788f9ebf4db80bde6d78d7e8\
        dd54403875af7c161cb9ccb0f8f73d079cc0e3724d48fa49674a26c76c5c2034\
        97cee6b71469c5c10672aed19c59c11d7f278a2a08c3e4039602a3891a03ff03\
        b165393f568c26f19e1d99f4717ed390bc7767b2bc4a9063fb97f6987edf58ba\
        d6cc461d878769edfc264af1105d0aedb65b81d931aa6e76939a88299185a616\
        82747850d8b707ecc6694b7a2a13c7593fff4ddb1aac47f0fc6ddbb6b10d4fb7\
        554bf9e91814caf5e3ce0d14c8a7e5fdf038fcdb38b9d35c28d529c792499b19\
        6a06bd40da77e20fe7df07a7946bfdbba88c4618d4105dc577023477f71d1e1f
        """
    )

    /// A prime of 1024 bits times itself.
    private static let square = octets(
        """
        aacd6780703d3580536bef1352fb26719b3f2edc788f9ebf4db80bde6d78d7e8\
        dd54403875af7c161cb9ccb0f8f73d079cc0e3724d48fa49674a26c76c5c2027\
        631e3216ad04d51ebb20b8d720baccd08c7a72e2ab6a4f415b41b3af69e92f99\
        b7d5a2282fb773110c7ae9f0d82c0c57794c647b8b79040579fe404058e55bb7\
        4cea63ab9baa9bb915e8571a88f8bc821ee06199bd4d5e74142223a6b9d59051\
        28dd1f420d11f8b8c9978fa42e4e36517c7ca1f17b4c45eec76fadb81b154e38\
        fee4529af6e61befdc2a03c9533d04070eaef078db01b6ef3576cd23b9897bce\
        054cb56233aa419d219601f3e073cd8fe43f0231f63e3143855b6989eb17c0d1
        """
    )

    @Test("primes next to each other are found in the first round")
    func neighbors() throws {
        #expect(try RSAModulus.hasCloseFactors(Self.neighbors, rounds: 1))
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("primes further apart take the rounds they take", arguments: [(40, false), (41, true), (100, true)])
    func rounds(_ rounds: Int, _ isFound: Bool) throws {
        #expect(try RSAModulus.hasCloseFactors(Self.fortyOneRounds, rounds: rounds) == isFound)
    }

    @Test("a square is found without a round")
    func square() throws {
        #expect(try RSAModulus.hasCloseFactors(Self.square, rounds: 0))
    }

    @Test("small products are found, and only those of close factors")
    func small() throws {
        // 101 × 103 in one round, 59 × 101 in three, 3 × 2003 only after 926.
        #expect(try RSAModulus.hasCloseFactors([0x28, 0xa3], rounds: 1))
        #expect(try RSAModulus.hasCloseFactors([0x17, 0x47], rounds: 3))
        #expect(try !RSAModulus.hasCloseFactors([0x17, 0x79], rounds: 100))
    }

    @Test("numbers at the edge are answered too", arguments: [[], [0], [1], [2], [3]] as [[UInt8]])
    func edge(_ modulus: [UInt8]) {
        #expect(throws: Never.self) { try RSAModulus.hasCloseFactors(modulus, rounds: 10) }
    }

    @Test("a generated key has no close factors")
    func generated() throws {
        for _ in 0..<3 {
            let info = try PublicKeyInfo(der: try SigningKey.generate(.rsa(bits: 2_048)).publicKeyInfo)
            guard case .rsa(let modulus, _) = info.key else {
                Issue.record("not an RSA key")
                return
            }
            #expect(try !RSAModulus.hasCloseFactors(modulus, rounds: 100))
        }
    }
}
