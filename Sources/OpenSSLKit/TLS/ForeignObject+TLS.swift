internal import COpenSSL

enum TLSContextObject: SharableForeignObject {
    static func release(_ pointer: OpaquePointer) { SSL_CTX_free(pointer) }
}

enum TLSSessionObject: ForeignObject {
    static func release(_ pointer: OpaquePointer) { SSL_free(pointer) }
}

/// Locks for itself, so that handshakes on several threads may verify against one store.
enum CertificateStoreObject: SharableForeignObject {
    static func release(_ pointer: OpaquePointer) { X509_STORE_free(pointer) }
}

enum VerificationObject: ForeignObject {
    static func release(_ pointer: OpaquePointer) { X509_STORE_CTX_free(pointer) }
}

enum MemoryStreamObject: ForeignObject {
    static func release(_ pointer: OpaquePointer) { BIO_free(pointer) }
}

enum AlternativeNamesObject: ForeignObject {
    static func release(_ pointer: OpaquePointer) { GENERAL_NAMES_free(pointer) }
}

/// Fetched once, because a fetch by name costs more than encrypting a ticket.
enum CipherObject: SharableForeignObject {
    static func release(_ pointer: OpaquePointer) { EVP_CIPHER_free(pointer) }
}

enum CertificateListObject: ForeignObject {
    static func release(_ pointer: OpaquePointer) { copenssl_chain_free(pointer) }
}
