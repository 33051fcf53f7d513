internal import Foundation

/// A PKCS #11 module in front of SoftHSM's that writes down what the program calls, hangs or does not start when told to,
/// and gives objects out one at a time, as modules may.
///
/// SoftHSM behind it is a copy of the module's file, so that it has a life of its own in a process that uses both.
public final class WatchedModule: Sendable {
    /// Of the module.
    public let path: String
    private let folder: URL

    /// Compiles it.
    ///
    /// - Throws: ``SoftHSM/Failure`` with the compiler's words.
    public init() async throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-module-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        self.path = self.folder.appending(path: "watched.so").path
        let source = self.folder.appending(path: "watched.c")
        try Data(Self.source.utf8).write(to: source)
        let real = self.folder.appending(path: "real.so")
        let original = URL(filePath: try SoftHSM.shared().module).resolvingSymlinksInPath()
        try FileManager.default.copyItem(at: original, to: real)
        let flags = try await ExternalCommand.run("pkg-config", ["--cflags", "p11-kit-1"])
        let outcome = try await ExternalCommand.run(
            "gcc",
            ["-shared", "-fPIC", "-o", self.path, source.path]
                + flags.output.split(whereSeparator: \.isWhitespace).map(String.init)
                + ["-DREAL=\"\(real.path)\"", "-DCALLS=\"\(self.calls.path)\""]
                + ["-DHANGS=\"\(self.hangs.path)\"", "-DDOWN=\"\(self.down.path)\""],
            seconds: 60
        )
        guard outcome.status == 0 else { throw SoftHSM.Failure(description: outcome.output) }
    }

    deinit {
        // Left behind at worst.
        try? FileManager.default.removeItem(at: self.folder)
    }

    private var calls: URL { self.folder.appending(path: "calls") }
    private var hangs: URL { self.folder.appending(path: "hangs") }
    private var down: URL { self.folder.appending(path: "down") }

    /// Has signatures not return, or return again.
    ///
    /// - Throws: An error of the file system, such as when nothing changes.
    public func hang(_ isHanging: Bool) throws {
        try Self.mark(self.hangs, isHanging)
    }

    /// Has it not start, as if the service behind it were down, or start again.
    ///
    /// - Throws: An error of the file system, such as when nothing changes.
    public func breakDown(_ isDown: Bool) throws {
        try Self.mark(self.down, isDown)
    }

    private static func mark(_ file: URL, _ isSet: Bool) throws {
        if isSet {
            try Data().write(to: file)
        } else {
            try FileManager.default.removeItem(at: file)
        }
    }

    /// What was called since the last time: `initialize`, `finalize`, `login`; `late` for anything that the program did
    /// after its modules were being taken apart.
    ///
    /// - Throws: An error of the file system.
    public func takeCalls() throws -> [String] {
        guard FileManager.default.fileExists(atPath: self.calls.path) else { return [] }
        let text = try String(contentsOf: self.calls, encoding: .utf8)
        try FileManager.default.removeItem(at: self.calls)
        return text.split(separator: "\n").map(String.init)
    }

    private static let source = """
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <string.h>
        #include <unistd.h>
        #include <p11-kit/pkcs11.h>

        static CK_FUNCTION_LIST mine, *real;
        static volatile int gone;

        static void note(const char *line)
        {
            int file = open(CALLS, O_WRONLY | O_APPEND | O_CREAT, 0600);
            if (file < 0) return;
            if (write(file, line, strlen(line)) < 0) _exit(99);
            close(file);
        }

        static void enter(void) { if (gone) note("late\\n"); }

        static CK_RV initialize(void *arguments)
        {
            enter();
            note("initialize\\n");
            if (access(DOWN, F_OK) == 0) return CKR_GENERAL_ERROR;
            return real->C_Initialize(arguments);
        }

        static CK_RV finalize(void *reserved)
        {
            enter();
            note("finalize\\n");
            return real->C_Finalize(reserved);
        }

        static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG length)
        {
            enter();
            note("login\\n");
            return real->C_Login(session, user, pin, length);
        }

        static CK_RV close_session(CK_SESSION_HANDLE session)
        {
            enter();
            return real->C_CloseSession(session);
        }

        static CK_RV find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG limit, CK_ULONG *count)
        {
            enter();
            return real->C_FindObjects(session, objects, limit < 1 ? limit : 1, count);
        }

        static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG count, CK_BYTE *signature, CK_ULONG *length)
        {
            enter();
            while (access(HANGS, F_OK) == 0) usleep(10000);
            enter();
            return real->C_Sign(session, data, count, signature, length);
        }

        __attribute__((destructor)) static void leave(void) { gone = 1; usleep(200000); }

        CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
        {
            void *library = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
            if (!library) return CKR_GENERAL_ERROR;
            CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
            CK_RV answer = get(&real);
            if (answer != CKR_OK) return answer;
            mine = *real;
            mine.C_Initialize = initialize;
            mine.C_Finalize = finalize;
            mine.C_Login = login;
            mine.C_CloseSession = close_session;
            mine.C_FindObjects = find;
            mine.C_Sign = sign;
            *list = &mine;
            return CKR_OK;
        }
        """
}
