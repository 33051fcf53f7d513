import Foundation
import Testing

/// The messages beside this file, each with what is expected of its answer.
enum Corpus {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

    struct Message: Sendable, CustomTestStringConvertible {
        let operation: String
        let name: String
        let octets: [UInt8]
        /// Lines `key: value` of the `.expect` file.
        let expected: [(key: String, value: String)]

        var testDescription: String { "\(self.operation)/\(self.name)" }

        /// The value of a key that comes once at most; quotes around it keep outer blanks.
        subscript(key: String) -> String? {
            self[all: key].first
        }

        subscript(all key: String) -> [String] {
            self.expected.filter { $0.key == key }.map { line in
                let isQuoted = line.value.count > 1 && line.value.hasPrefix("\"") && line.value.hasSuffix("\"")
                return isQuoted ? String(line.value.dropFirst().dropLast()) : line.value
            }
        }
    }

    static let messages: [Message] = ["discovery", "policy", "enrollment", "renewal"].flatMap { Self.messages(of: $0) }

    private static func messages(of operation: String) -> [Message] {
        let folder = Self.folder.appending(path: operation)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
        return names.filter { $0.hasSuffix(".xml") }.sorted().compactMap { file in
            let url = folder.appending(path: file)
            let expectation = url.deletingPathExtension().appendingPathExtension("expect")
            guard let octets = try? Data(contentsOf: url),
                let lines = try? String(contentsOf: expectation, encoding: .utf8)
            else { return nil }
            let expected = lines.split(separator: "\n").compactMap { line -> (key: String, value: String)? in
                guard let colon = line.range(of: ": ") else { return nil }
                return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
            }
            return Message(
                operation: operation,
                name: url.deletingPathExtension().lastPathComponent,
                octets: Array(octets),
                expected: expected
            )
        }
    }
}
