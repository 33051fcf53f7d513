internal import CCurl

/// The one owner of a `curl_slist`.
struct HeaderList: ~Copyable {
    private(set) var pointer: UnsafeMutablePointer<curl_slist>?

    deinit {
        curl_slist_free_all(self.pointer)
    }

    init(_ lines: [String]) throws(CurlError) {
        self.pointer = nil
        for line in lines {
            // A line break would let a value become a header of its own.
            guard !line.utf8.contains(where: { $0 == 10 || $0 == 13 || $0 == 0 }) else {
                throw CurlError(.other, "a header or an address holds a control character")
            }
            guard let longer = curl_slist_append(self.pointer, line) else {
                throw CurlError(CURLE_OUT_OF_MEMORY, detail: "")
            }
            self.pointer = longer
        }
    }
}
