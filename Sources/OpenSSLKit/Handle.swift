internal import COpenSSL

/// Names a C type and says how to give it back.
protocol ForeignObject {
    static func release(_ pointer: OpaquePointer)
}

/// A foreign object the library documents as safe to read from many threads once built.
protocol SharableForeignObject: ForeignObject {}

/// The one owner of a pointer that OpenSSL allocated.
///
/// Not copyable, so the compiler rules out the double free; `deinit` rules out the leak on every early exit.
struct Handle<Object: ForeignObject>: ~Copyable {
    let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer?, from operation: String) throws(OpenSSLError) {
        self.pointer = try OpenSSL.unwrap(pointer, operation)
    }

    deinit {
        Object.release(self.pointer)
    }

    /// Hands the pointer to a C function that takes ownership of it.
    consuming func relinquish() -> OpaquePointer {
        let pointer = self.pointer
        discard self
        return pointer
    }
}

extension Handle: @unchecked Sendable where Object: SharableForeignObject {}

enum KeyObject: SharableForeignObject {
    static func release(_ pointer: OpaquePointer) { EVP_PKEY_free(pointer) }
}

enum KeyContextObject: ForeignObject {
    static func release(_ pointer: OpaquePointer) { EVP_PKEY_CTX_free(pointer) }
}

enum DigestContextObject: ForeignObject {
    static func release(_ pointer: OpaquePointer) { EVP_MD_CTX_free(pointer) }
}

enum CertificateObject: SharableForeignObject {
    static func release(_ pointer: OpaquePointer) { X509_free(pointer) }
}

enum CipherContextObject: ForeignObject {
    static func release(_ pointer: OpaquePointer) { EVP_CIPHER_CTX_free(pointer) }
}
