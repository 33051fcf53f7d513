internal import OpenSSLKit

/// How either side of a session shows that it knows its secret (OMA Device Management Security 1.2 § 5.3).
struct ManagementCredential: Hashable, Sendable {
    enum Method: String, Hashable, Sendable {
        /// `base64(name:secret)`.
        case basic = "syncml:auth-basic"
        /// `base64(MD5(base64(MD5(name:secret)):nonce))`.
        case digest = "syncml:auth-md5"
    }

    let method: Method
    /// Base64.
    let data: String

    static func basic(name: String, secret: String) -> ManagementCredential {
        ManagementCredential(method: .basic, data: Base64.encode(Array("\(name):\(secret)".utf8)))
    }

    /// `nonce` is what the other side gave out, in octets.
    static func digest(
        name: String,
        secret: String,
        nonce: [UInt8]
    ) throws(SimulationFailure) -> ManagementCredential {
        do throws(OpenSSLError) {
            let first = Base64.encode(try Digest.md5(Array("\(name):\(secret)".utf8)))
            let second = try Digest.md5(Array("\(first):".utf8) + nonce)
            return ManagementCredential(method: .digest, data: Base64.encode(second))
        } catch {
            throw .local("no MD5, without which there is no session: \(error)")
        }
    }
}

/// What one side asks of the other before it goes on.
struct ManagementChallenge: Hashable, Sendable {
    let method: ManagementCredential.Method
    /// For the next digest; `nil` to go on with the one that is known.
    let nonce: [UInt8]?
}
