import Foundation
import ServiceRuntime
import Testing

@Suite("Unique name")
struct UniqueNameTests {
    /// A file system with links, and the ways in which others say that they have none.
    private static let systems: [Int32] = [0, EPERM, EOPNOTSUPP, ENOSYS]

    private static func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-name-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private static func move(_ path: String, to name: String, on system: Int32) -> Int32 {
        UniqueName.move(path, to: name) { from, to in
            guard system == 0 else { return system }
            return link(from, to) == 0 ? 0 : errno
        }
    }

    @Test("moves a file to a name that is free, with and without links", arguments: systems)
    func moves(system: Int32) throws {
        try Self.withFolder { folder in
            let path = folder.appending(path: "one.partial").path
            let name = folder.appending(path: "one").path
            try Data("what it holds".utf8).write(to: URL(filePath: path))
            #expect(Self.move(path, to: name, on: system) == 0)
            #expect(try Data(contentsOf: URL(filePath: name)) == Data("what it holds".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["one"])
        }
    }

    @Test("never takes another file's place, with and without links", arguments: systems)
    func refuses(system: Int32) throws {
        try Self.withFolder { folder in
            let path = folder.appending(path: "one.partial").path
            let name = folder.appending(path: "one").path
            try Data("new".utf8).write(to: URL(filePath: path))
            try Data("former".utf8).write(to: URL(filePath: name))
            #expect(Self.move(path, to: name, on: system) == EEXIST)
            #expect(try Data(contentsOf: URL(filePath: name)) == Data("former".utf8))
            #expect(try Data(contentsOf: URL(filePath: path)) == Data("new".utf8))
        }
    }

    @Test("leaves nothing behind when there is nothing to move, or nowhere to move it", arguments: systems)
    func fails(system: Int32) throws {
        try Self.withFolder { folder in
            let missing = folder.appending(path: "missing").path
            #expect(Self.move(missing, to: folder.appending(path: "one").path, on: system) == ENOENT)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
            let path = folder.appending(path: "one.partial").path
            try Data("x".utf8).write(to: URL(filePath: path))
            #expect(Self.move(path, to: folder.appending(path: "no/one").path, on: system) == ENOENT)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["one.partial"])
        }
    }
}
