package import OpenSSLKit

/// Reads the public key that a receiver gave for the accounts' secrets: PEM (public key or certificate), a JSON Web Key
/// or a set of them (RFC 7517).
package enum ReceiverKey {
    /// Why there is no key in it.
    package struct ReadingError: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    /// - Parameter octets: The file.
    /// - Returns: The key; of a set the first that can be encrypted to.
    /// - Throws: ``ReadingError``; for a private key, too.
    package static func read(_ octets: [UInt8]) throws(ReadingError) -> RecipientKey {
        guard octets.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") else {
            return try self.readPEM(String(decoding: octets, as: UTF8.self))
        }
        let document: JSONText
        do throws(JSONText.ReadingError) {
            document = try JSONText(octets)
        } catch {
            throw ReadingError("the JSON cannot be read: \(error) (offset \(error.offset))")
        }
        guard case .array(let keys)? = document["keys"] else { return try self.key(document) }
        var refusal = ReadingError("the set has no keys")
        for key in keys {
            do throws(ReadingError) {
                return try self.key(key)
            } catch {
                refusal = error
            }
        }
        throw refusal
    }

    private static func readPEM(_ text: String) throws(ReadingError) -> RecipientKey {
        guard !text.contains("PRIVATE KEY-----") else {
            throw ReadingError("it holds a private key; only its owner is to have that, give the public one")
        }
        return try self.recipient { () throws(RecipientKey.ReadingError) in try RecipientKey(pem: text) }
    }

    private static func key(_ document: JSONText) throws(ReadingError) -> RecipientKey {
        guard document["d"] == nil, document["k"] == nil else {
            throw ReadingError("it holds a private key; only its owner is to have that, give the public one")
        }
        if let use = document["use"]?.text, use != "enc" {
            throw ReadingError("the key's use is \(use.prefix(16)), not enc")
        }
        let algorithm = document["alg"]?.text
        let key: VerifyingKey
        let expected: String
        switch document["kty"]?.text {
        case "RSA":
            expected = "RSA-OAEP-256"
            let modulus = try self.octets("n", document)
            let exponent = try self.octets("e", document)
            key = try self.library { () throws(OpenSSLError) in
                try VerifyingKey(rsaModulus: modulus, exponent: exponent)
            }
        case "EC":
            expected = "ECDH-ES"
            let curve: VerifyingKey.Curve
            let width: Int
            switch document["crv"]?.text {
            case "P-256": (curve, width) = (.p256, 32)
            case "P-384": (curve, width) = (.p384, 48)
            default: throw ReadingError("the curve is none of P-256 and P-384")
            }
            let x = try self.octets("x", document)
            let y = try self.octets("y", document)
            guard x.count == width, y.count == width else { throw ReadingError("x and y are not of the curve's size") }
            key = try self.library { () throws(OpenSSLError) in try VerifyingKey(curve: curve, point: [4] + x + y) }
        default:
            throw ReadingError("kty is none of RSA and EC")
        }
        guard algorithm == nil || algorithm == expected else {
            throw ReadingError("alg is not \(expected), the one that is offered for such a key")
        }
        let name = document["kid"]?.text
        return try self.recipient { () throws(RecipientKey.ReadingError) in try RecipientKey(key, keyID: name) }
    }

    private static func octets(_ name: String, _ document: JSONText) throws(ReadingError) -> [UInt8] {
        guard let octets = document[name]?.text.flatMap({ Base64.decodeForURL($0) }), !octets.isEmpty else {
            throw ReadingError("\(name) is missing or is not base64url")
        }
        return octets
    }

    private static func library<Value>(
        _ body: () throws(OpenSSLError) -> Value
    ) throws(ReadingError) -> Value {
        do throws(OpenSSLError) {
            return try body()
        } catch {
            throw ReadingError("the key is not valid: \(error)")
        }
    }

    private static func recipient(
        _ body: () throws(RecipientKey.ReadingError) -> RecipientKey
    ) throws(ReadingError) -> RecipientKey {
        do throws(RecipientKey.ReadingError) {
            return try body()
        } catch {
            switch error {
            case .noKey: throw ReadingError("there is neither a public key nor a certificate in it")
            case .unsupported(let reason): throw ReadingError(reason)
            case .library(let error): throw ReadingError("the key is not valid: \(error)")
            }
        }
    }
}
