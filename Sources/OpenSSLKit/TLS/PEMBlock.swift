internal import COpenSSL

/// One armoured object of a PEM file: its label and the octets inside.
struct PEMBlock: Sendable {
    let label: String
    let octets: [UInt8]

    /// Whether ``octets`` are encrypted in the traditional way and hence not DER.
    let isEncrypted: Bool

    /// Every block of `text`, in order; text between blocks is skipped, as RFC 7468 § 2 allows.
    static func read(_ text: [UInt8]) throws(OpenSSLError) -> [PEMBlock] {
        guard !text.isEmpty else { return [] }
        ERR_clear_error()
        let count = CInt(clamping: text.count)
        let stream = try Handle<MemoryStreamObject>(adopting: BIO_new(BIO_s_mem()), from: "BIO_new")
        try OpenSSL.check(BIO_write(stream.pointer, text, count), "BIO_write")
        var blocks: [PEMBlock] = []
        while true {
            var name: UnsafeMutablePointer<CChar>?
            var header: UnsafeMutablePointer<CChar>?
            var data: UnsafeMutablePointer<UInt8>?
            var length = 0
            guard PEM_read_bio(stream.pointer, &name, &header, &data, &length) == 1, let name, let header, let data
            else {
                // Running out of blocks is how this ends; a block that begins and is broken ends it the same way.
                ERR_clear_error()
                return blocks
            }
            defer {
                copenssl_free(name)
                copenssl_free(header)
                copenssl_secure_free(data, length)
            }
            blocks.append(
                PEMBlock(
                    label: String(cString: name),
                    octets: Array(UnsafeBufferPointer(start: data, count: length)),
                    isEncrypted: header.pointee != 0
                )
            )
        }
    }
}
