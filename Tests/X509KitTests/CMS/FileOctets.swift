import Foundation

/// Files that another program wrote.
enum FileOctets {
    static func read(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
