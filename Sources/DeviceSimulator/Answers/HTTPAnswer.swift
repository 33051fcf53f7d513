internal import CurlKit

/// What HTTP says about an answer, before anybody reads its body.
struct HTTPAnswer: Sendable {
    let status: Int
    let headers: [CurlHeader]
    let body: [UInt8]

    func values(of name: String) -> [String] {
        self.headers.compactMap { $0.name.lowercased() == name ? $0.value : nil }
    }

    /// The rules Windows has for every SOAP answer: a type, an explicit length, no chunks.
    func checkFraming(_ judge: Judge) throws(Deviation) {
        let encodings = self.values(of: "transfer-encoding")
        try judge.require(
            encodings.isEmpty,
            .notChunked,
            "no Transfer-Encoding, which Windows does not take",
            found: encodings.joined(separator: ", ")
        )
        let lengths = self.values(of: "content-length")
        try judge.require(
            lengths == [String(self.body.count)],
            .contentLength,
            "one Content-Length of \(self.body.count)",
            found: lengths.isEmpty ? "none" : lengths.joined(separator: ", ")
        )
        let types = self.values(of: "content-type")
        try judge.require(
            types.count == 1 && Self.isSOAP(types[0]),
            .contentType,
            "application/soap+xml; charset=utf-8",
            found: types.isEmpty ? "none" : types.joined(separator: ", ")
        )
    }

    private static func isSOAP(_ type: String) -> Bool {
        let parts = type.lowercased().split(separator: ";").map { part in
            part.filter { $0 != " " && $0 != "\"" && $0 != "\t" }
        }
        return parts.first == "application/soap+xml" && parts.contains("charset=utf-8")
    }
}
