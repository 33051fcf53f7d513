import EnrollmentCore

/// Reads files of serial numbers.
enum SerialNumberFile {
    /// Each number once, in the order of the file.
    ///
    /// - Throws: ``CommandProblem`` with exit `usage` that names the line which is no serial number.
    static func read(_ path: String) throws(CommandProblem) -> [SerialNumber] {
        let octets: [UInt8]
        do throws(FileError) {
            octets = try FilePath.read(path, limit: 256 << 20)
        } catch {
            throw CommandProblem("GH-USAGE-007", "\(error)", exit: .usage)
        }
        var seen: Set<SerialNumber> = []
        var serialNumbers: [SerialNumber] = []
        let lines = octets.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let text = String(decoding: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
                .filter { !$0.isWhitespace && $0 != "\u{FEFF}" }
            if text.isEmpty { continue }
            guard let serialNumber = SerialNumber(text) else {
                throw CommandProblem(
                    "GH-USAGE-014",
                    "\(path), line \(number + 1): \(Table.printable(text.prefix(60).description)) is no serial number",
                    exit: .usage
                )
            }
            if seen.insert(serialNumber).inserted { serialNumbers.append(serialNumber) }
        }
        guard !serialNumbers.isEmpty else {
            throw CommandProblem("GH-USAGE-014", "\(path) names no serial number", exit: .usage)
        }
        return serialNumbers
    }
}
