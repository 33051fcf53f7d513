internal import OpenSSLKit

/// The private key a device makes for its enrollment.
///
/// Describing it says nothing about it.
public final class DeviceKey: Sendable {
    private let key: SigningKey

    /// SubjectPublicKeyInfo, DER.
    var publicKeyInfo: [UInt8] { self.key.publicKeyInfo }

    /// The modulus length, in bits.
    var length: Int {
        if case .rsa(let bits) = self.key.type { bits } else { 0 }
    }

    private init(_ key: SigningKey) {
        self.key = key
    }

    /// Makes a fresh RSA key; takes tens of milliseconds.
    ///
    /// - Throws: ``SimulationFailure`` when the library makes none.
    public static func generate(bits: Int) throws(SimulationFailure) -> DeviceKey {
        do throws(OpenSSLError) {
            return DeviceKey(try SigningKey.generate(.rsa(bits: bits)))
        } catch {
            throw .local("no RSA key of \(bits) bits could be made: \(error)")
        }
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256.
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
