/// Values as the protocol carries them in binary, one after the other in one buffer.
struct ParameterList {
    private var octets: [UInt8] = []
    /// Where each value starts and ends; `nil` for NULL.
    private var ranges: [Range<Int>?] = []

    /// - Throws: ``PostgresError/Kind/invalidValue``.
    init(_ values: [PostgresValue], of statement: String) throws(PostgresError) {
        guard values.count <= 65_535 else { throw Self.refusal("there are more than 65535 parameters", statement) }
        self.ranges.reserveCapacity(values.count)
        for value in values {
            let start = self.octets.count
            switch value {
            case .null:
                self.ranges.append(nil)
                continue
            case .integer(let number):
                withUnsafeBytes(of: number.bigEndian) { self.octets.append(contentsOf: $0) }
            case .text(let text):
                self.octets.append(contentsOf: text.utf8)
                guard !self.octets[start...].contains(0) else {
                    throw Self.refusal("parameter \(self.ranges.count + 1) contains U+0000", statement)
                }
            case .octets(let octets):
                self.octets.append(contentsOf: octets)
            }
            guard self.octets.count - start <= 1_000_000_000 else {
                throw Self.refusal("parameter \(self.ranges.count + 1) has more than 1 GB", statement)
            }
            self.ranges.append(start..<self.octets.count)
        }
        // A value without octets needs an address all the same: none means NULL.
        self.octets.append(0)
    }

    private static func refusal(_ message: String, _ statement: String) -> PostgresError {
        PostgresError(.invalidValue, during: "send", message: message, statement: statement)
    }

    /// Lends the three arrays that libpq wants.
    func withPointers<Result>(
        _ body: (_ values: [UnsafePointer<CChar>?], _ lengths: [Int32], _ formats: [Int32]) -> Result
    ) -> Result {
        self.octets.withUnsafeBytes { octets in
            let characters = octets.bindMemory(to: CChar.self)
            let values = self.ranges.map { range in
                range.flatMap { range in characters.baseAddress.map { $0 + range.lowerBound } }
            }
            let lengths = self.ranges.map { Int32($0?.count ?? 0) }
            return body(values, lengths, [Int32](repeating: 1, count: values.count))
        }
    }
}
