internal import OpenSSLKit

/// The private key a device makes for its enrollment or for a renewal.
///
/// Describing it says nothing about it.
public final class DeviceKey: Sendable {
    /// What a device makes keys of.
    public enum Kind: Hashable, Sendable {
        /// As Windows does.
        case rsa(bits: Int)
        /// Made and used a thousand times faster: for load where the client's part should cost little.
        case ecdsaP256
    }

    private let key: SigningKey

    /// SubjectPublicKeyInfo, DER.
    var publicKeyInfo: [UInt8] { self.key.publicKeyInfo }

    /// The modulus length, in bits.
    var length: Int {
        if case .rsa(let bits) = self.key.type { bits } else { 0 }
    }

    /// What it is made of.
    ///
    /// Keys of kinds that no device is given here count as ECDSA.
    var kind: Kind {
        if case .rsa(let bits) = self.key.type { .rsa(bits: bits) } else { .ecdsaP256 }
    }

    private init(_ key: SigningKey) {
        self.key = key
    }

    /// Reads one that ``pem()`` wrote.
    convenience init(pem octets: [UInt8]) throws(SimulationFailure) {
        guard let blocks = PEM.blocks("PRIVATE KEY", in: octets), blocks.count == 1 else {
            throw .local("not one private key in PEM (PKCS #8, not encrypted)")
        }
        do throws(OpenSSLError) {
            self.init(try SigningKey(privateKeyInfo: SecretOctets(blocks[0])))
        } catch {
            throw .local("the private key cannot be used: \(error)")
        }
    }

    /// Makes a fresh RSA key; takes tens of milliseconds.
    ///
    /// - Throws: ``SimulationFailure`` when the library makes none.
    public static func generate(bits: Int) throws(SimulationFailure) -> DeviceKey {
        try self.generate(.rsa(bits: bits))
    }

    /// Makes a fresh key.
    ///
    /// - Throws: ``SimulationFailure`` when the library makes none.
    public static func generate(_ kind: Kind) throws(SimulationFailure) -> DeviceKey {
        do throws(OpenSSLError) {
            switch kind {
            case .rsa(let bits): return DeviceKey(try SigningKey.generate(.rsa(bits: bits)))
            case .ecdsaP256: return DeviceKey(try SigningKey.generate(.ecdsaP256))
            }
        } catch {
            throw .local("no key could be made: \(error)")
        }
    }

    /// The algorithm of ``sign(_:)``, as a certificate request names it: AlgorithmIdentifier, DER.
    var signatureAlgorithm: [UInt8] {
        switch self.key.type {
        case .rsa: Self.algorithm([1, 2, 840, 113549, 1, 1, 11], hasNull: true)
        case .ecdsaP256: Self.algorithm([1, 2, 840, 10045, 4, 3, 2], hasNull: false)
        case .ecdsaP384: Self.algorithm([1, 2, 840, 10045, 4, 3, 3], hasNull: false)
        case .ed25519: Self.algorithm([1, 3, 101, 112], hasNull: false)
        }
    }

    /// The same as Windows names it in a signed message, where RSA stands without its digest.
    var messageSignatureAlgorithm: [UInt8] {
        if case .rsa = self.key.type {
            Self.algorithm([1, 2, 840, 113549, 1, 1, 1], hasNull: true)
        } else {
            self.signatureAlgorithm
        }
    }

    private static func algorithm(_ identifier: [UInt], hasNull: Bool) -> [UInt8] {
        let null: [UInt8] = hasNull ? [0x05, 0x00] : []
        return DERWriter.value(.sequence, DERWriter.objectIdentifier(identifier) + null)
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256, or ECDSA with SHA-256.
    func sign(_ message: [UInt8]) throws(SimulationFailure) -> [UInt8] {
        do throws(OpenSSLError) {
            return try self.key.sign(message)
        } catch {
            throw .local("the device's key does not sign: \(error)")
        }
    }

    /// The key itself as PEM (PKCS #8, not encrypted), to be used with another tool.
    ///
    /// - Throws: ``SimulationFailure`` when the library does not give it.
    public func pem() throws(SimulationFailure) -> String {
        do throws(OpenSSLError) {
            let info = try self.key.privateKeyInfo()
            return PEM.text("PRIVATE KEY", info.withOctets { Array($0) })
        } catch {
            throw .local("the device's key cannot be exported: \(error)")
        }
    }
}
