internal import COpenSSL

/// A certificate chain and the private key of its leaf: what one side of a TLS connection shows and proves.
///
/// A value of this type has passed the check that key and certificate belong together.
public final class TLSIdentity: Sendable {
    /// Leaf first, each in DER; the anchor itself may be left out.
    public let certificates: [[UInt8]]

    /// The names a client may ask for to be shown this certificate: the leaf's dNSName entries, in lower case.
    public let serverNames: [String]

    let key: Handle<KeyObject>

    /// - Parameters:
    ///   - certificates: The chain, leaf first, each in DER.
    ///   - privateKey: PKCS #8 in DER, or one unencrypted PEM block of any kind that OpenSSL reads.
    /// - Throws: ``TLSConfigurationError`` when a part cannot be read or key and leaf do not belong together.
    public convenience init(certificates: [[UInt8]], privateKey: [UInt8]) throws(TLSConfigurationError) {
        try self.init(certificates: certificates, adopting: try Self.readKey(privateKey))
    }

    /// - Parameters:
    ///   - certificates: The chain, leaf first, each in DER.
    ///   - key: The leaf's.
    /// - Throws: ``TLSConfigurationError`` when a part cannot be read or key and leaf do not belong together.
    public convenience init(certificates: [[UInt8]], key: SigningKey) throws(TLSConfigurationError) {
        let handle: Handle<KeyObject>
        do throws(OpenSSLError) {
            // A second reference to the same key, so that this identity and `key` may end in either order.
            try OpenSSL.check(EVP_PKEY_up_ref(key.handle.pointer), "EVP_PKEY_up_ref")
            handle = try Handle(adopting: key.handle.pointer, from: "EVP_PKEY_up_ref")
        } catch {
            throw .refused(error)
        }
        try self.init(certificates: certificates, adopting: handle)
    }

    /// - Parameters:
    ///   - pem: The chain as PEM text, leaf first; other blocks in it are skipped.
    ///   - privateKey: PKCS #8 in DER, or one unencrypted PEM block of any kind that OpenSSL reads.
    /// - Throws: ``TLSConfigurationError`` when a part cannot be read or key and leaf do not belong together.
    public convenience init(pem: [UInt8], privateKey: [UInt8]) throws(TLSConfigurationError) {
        try self.init(certificates: try Self.certificates(inPEM: pem), privateKey: privateKey)
    }

    init(certificates: [[UInt8]], adopting key: consuming Handle<KeyObject>) throws(TLSConfigurationError) {
        guard let leaf = certificates.first else { throw .noCertificate }
        let view = try CertificateView(der: leaf, at: 0)
        guard X509_check_private_key(view.handle.pointer, key.pointer) == 1 else {
            ERR_clear_error()
            throw .keyDoesNotMatch(subject: view.subject)
        }
        do throws(OpenSSLError) {
            self.serverNames = try view.dnsNames.map { $0.lowercased() }
        } catch {
            throw .unreadableCertificate(position: 0, error)
        }
        self.certificates = certificates
        self.key = key
    }

    /// The certificates of a PEM text in DER, in the order of the text.
    public static func certificates(inPEM text: [UInt8]) throws(TLSConfigurationError) -> [[UInt8]] {
        let blocks: [PEMBlock]
        do throws(OpenSSLError) {
            blocks = try PEMBlock.read(text)
        } catch {
            throw .refused(error)
        }
        let certificates = blocks.filter { $0.label == "CERTIFICATE" }.map(\.octets)
        guard !certificates.isEmpty else { throw .noCertificate }
        return certificates
    }

    private static func readKey(_ octets: [UInt8]) throws(TLSConfigurationError) -> Handle<KeyObject> {
        let der = octets.first == 0x30 ? octets : try Self.keyBlock(of: octets)
        do throws(OpenSSLError) {
            ERR_clear_error()
            let pointer = der.withUnsafeBufferPointer { buffer in
                var cursor = buffer.baseAddress
                return d2i_AutoPrivateKey(nil, &cursor, buffer.count)
            }
            return try Handle(adopting: pointer, from: "d2i_AutoPrivateKey")
        } catch {
            throw .unreadableKey(error)
        }
    }

    private static func keyBlock(of text: [UInt8]) throws(TLSConfigurationError) -> [UInt8] {
        let blocks: [PEMBlock]
        do throws(OpenSSLError) {
            blocks = try PEMBlock.read(text)
        } catch {
            throw .unreadableKey(error)
        }
        guard let block = blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
            throw .unreadableKey(OpenSSLError(during: "PEM_read_bio"))
        }
        guard !block.isEncrypted, block.label != "ENCRYPTED PRIVATE KEY" else { throw .encryptedKey }
        return block.octets
    }
}
