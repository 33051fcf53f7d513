internal import Foundation

/// SoftHSM, a PKCS #11 token in software, with a folder of its own; removed when the process ends.
///
/// The module reads its configuration from the environment, which a process has once: tests in one process share one
/// folder, and have tokens of their own in it. Programs that tests start inherit it.
public final class SoftHSM: Sendable {
    /// It could not be set up.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private static let one = Result { try SoftHSM() }

    /// The one of this process; from the first call on, `SOFTHSM2_CONF` names its configuration.
    ///
    /// - Returns: The same in the whole process.
    /// - Throws: ``Failure`` when SoftHSM is not installed.
    public static func shared() throws -> SoftHSM {
        try self.one.get()
    }

    /// Path of the module.
    public let module: String
    private let folder: URL

    private init() throws {
        self.module = try Self.locate()
        self.folder = FileManager.default.temporaryDirectory.appending(
            path: "gatehouse-softhsm-\(UUID().uuidString)",
            directoryHint: .isDirectory
        )
        try FileManager.default.createDirectory(at: self.tokens, withIntermediateDirectories: true)
        let file = self.folder.appending(path: "softhsm2.conf")
        try Data(Self.configuration(of: self.tokens).utf8).write(to: file)
        setenv("SOFTHSM2_CONF", file.path, 1)
        setenv("GATEHOUSE_TEST_SOFTHSM", self.folder.path, 1)
        atexit {
            // A folder left behind is a nuisance, not a failure.
            if let path = getenv("GATEHOUSE_TEST_SOFTHSM") {
                try? FileManager.default.removeItem(atPath: String(cString: path))
            }
        }
    }

    var tokens: URL { self.folder.appending(path: "tokens", directoryHint: .isDirectory) }

    private static func locate() throws -> String {
        let places = ["/usr/lib/softhsm", "/usr/local/lib/softhsm", "/usr/lib64/softhsm"]
        let multiarch = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib"))?.map {
            "/usr/lib/\($0)/softhsm"
        }
        for place in places + (multiarch ?? []) {
            let module = "\(place)/libsofthsm2.so"
            if FileManager.default.fileExists(atPath: module) { return module }
        }
        throw Failure(description: "libsofthsm2.so is not installed: Scripts/setup")
    }

    /// Makes a token with a random label.
    ///
    /// It is made aside and moved: whoever looks for tokens meanwhile does not meet half a one.
    ///
    /// - Parameters:
    ///   - label: Its label, where it is to take another's place.
    ///   - pin: The user's.
    /// - Returns: The token, empty.
    /// - Throws: ``Failure`` with the tool's words.
    public func makeToken(label: String? = nil, pin: String? = nil) async throws -> SoftToken {
        let files = FileManager.default
        let label = label ?? "token \(UUID().uuidString.prefix(18))"
        let pin = pin ?? "\(Int.random(in: 10_000_000...99_999_999))"
        let workshop = self.folder.appending(path: "making-\(UUID().uuidString)", directoryHint: .isDirectory)
        try files.createDirectory(at: workshop, withIntermediateDirectories: true)
        let file = self.folder.appending(path: "\(workshop.lastPathComponent).conf")
        try Data(Self.configuration(of: workshop).utf8).write(to: file)
        let outcome = try await ExternalCommand.run(
            "env",
            ["SOFTHSM2_CONF=\(file.path)", "softhsm2-util", "--init-token", "--free", "--label", label]
                + ["--pin", pin, "--so-pin", "87654321"]
        )
        guard outcome.status == 0, let name = try files.contentsOfDirectory(atPath: workshop.path).first else {
            throw Failure(description: outcome.output)
        }
        let folder = self.tokens.appending(path: name, directoryHint: .isDirectory)
        try files.moveItem(at: workshop.appending(path: name, directoryHint: .isDirectory), to: folder)
        return SoftToken(label: label, pin: pin, folder: folder)
    }

    private static func configuration(of tokens: URL) -> String {
        "directories.tokendir = \(tokens.path)\nobjectstore.backend = file\nlog.level = ERROR\n"
    }
}

/// One token of ``SoftHSM``.
public struct SoftToken: Sendable {
    public let label: String
    /// The user's.
    public let pin: String
    private let folder: URL
    private let aside: URL

    init(label: String, pin: String, folder: URL) {
        self.label = label
        self.pin = pin
        self.folder = folder
        self.aside = folder.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: folder.lastPathComponent, directoryHint: .isDirectory)
    }

    /// How many objects it holds: two for a key pair.
    ///
    /// - Throws: When it was taken away.
    public func objectCount() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: self.folder.path)
            .filter { $0.hasSuffix(".object") && $0 != "token.object" }.count
    }

    /// Takes it away, as if somebody pulled it out.
    public func pullOut() throws {
        try FileManager.default.moveItem(at: self.folder, to: self.aside)
    }

    /// Puts it back where it was.
    public func putBack() throws {
        try FileManager.default.moveItem(at: self.aside, to: self.folder)
    }
}
