internal import Foundation

/// A folder of its own for one test, removed with everything in it.
final class TemporaryFolder {
    let url: URL

    var path: String { self.url.path }

    init() throws {
        self.url = FileManager.default.temporaryDirectory.appendingPathComponent("gatehouse-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.url, withIntermediateDirectories: false)
    }

    deinit {
        // What cannot be removed is left to the system's own cleaning of its temporary folder.
        try? FileManager.default.removeItem(at: self.url)
    }

    /// Permission bits of a file in the folder.
    func mode(of name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(self.path)/\(name)")
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }

    /// Puts octets where a database should be.
    func write(_ octets: [UInt8], to name: String) throws {
        try Data(octets).write(to: self.url.appendingPathComponent(name))
    }

    /// Overwrites part of a file in place.
    func overwrite(_ name: String, at offset: UInt64, with octets: [UInt8]) throws {
        let file = try FileHandle(forWritingTo: self.url.appendingPathComponent(name))
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data(octets))
        try file.close()
    }
}
