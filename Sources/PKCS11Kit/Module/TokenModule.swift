internal import CPKCS11
internal import Glibc
internal import Synchronization

/// A module in this process: initialized once, shared by all tokens behind it, and started over when one of them
/// cannot be reached otherwise.
///
/// Some modules, SoftHSM's among them, look for tokens only when they are initialized. Starting over ends every
/// session with every token of the module, so it waits until none is at work, and their owners open new ones.
final class TokenModule: Sendable {
    private struct Gate {
        /// How many threads are inside the module.
        var users = 0
        var isRestarting = false
        /// How often it was initialized.
        var generation = 1
        /// When it was last tried.
        var lastRestart: ContinuousClock.Instant?
    }

    private static let loaded = Mutex<[String: TokenModule]>([:])

    private let path: String
    private let list: FunctionList
    private let gate = Guarded(Gate())

    /// The module at `path`, loaded and initialized when this is the first to ask for it.
    ///
    /// - Throws: ``PKCS11Error`` of kind `module`.
    static func at(_ path: String) throws(PKCS11Error) -> TokenModule {
        let path = self.canonical(path)
        return try self.loaded.withLock { loaded throws(PKCS11Error) in
            if let module = loaded[path] { return module }
            let module = try TokenModule(path)
            loaded[path] = module
            return module
        }
    }

    private init(_ path: String) throws(PKCS11Error) {
        self.path = path
        self.list = try FunctionList(loading: path)
        do throws(PKCS11Error) {
            try self.initialize()
        } catch {
            throw PKCS11Error(
                .module,
                during: error.operation,
                code: error.code,
                "the module \(path) does not start; look at its own configuration"
            )
        }
    }

    /// Two names of one file are one module, which must not be initialized twice.
    private static func canonical(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Which start of the module this is; to be given to ``restart(since:atMostEvery:before:)``.
    var generation: Int { self.gate.withLock { $0.generation } }

    /// Enters the module, which is not started over meanwhile.
    ///
    /// - Parameters:
    ///   - generation: The start that a session is of, if one is to be used: a new start gives the same handles to
    ///     others.
    ///   - deadline: How long to wait when the module is being started over.
    ///   - body: Calls functions of the module.
    /// - Returns: What `body` returned.
    /// - Throws: ``PKCS11Error`` of kind `away` when the session is of a former start, or when the module is being started
    ///   over until `deadline`; and whatever `body` throws.
    func use<Result>(
        _ generation: Int? = nil,
        before deadline: ContinuousClock.Instant,
        _ body: (FunctionList) throws(PKCS11Error) -> Result
    ) throws(PKCS11Error) -> Result {
        let isInside: Bool? = self.gate.wait(until: deadline) { gate in
            guard !gate.isRestarting else { return nil }
            if let generation, generation != gate.generation { return false }
            gate.users += 1
            return true
        }
        guard isInside == true else {
            throw PKCS11Error(.away, during: "entering the module", "the module \(self.path) is being started over")
        }
        defer {
            let isLastOut = self.gate.withLock { gate in
                gate.users -= 1
                return gate.users == 0 && gate.isRestarting
            }
            if isLastOut { self.gate.broadcast() }
        }
        return try body(self.list)
    }

    /// Finalizes and initializes it, unless somebody did since `generation`.
    ///
    /// - Parameters:
    ///   - generation: The start with which the caller came to grief.
    ///   - interval: How much time has to be between two restarts.
    ///   - deadline: Until when to wait for calls that are on their way.
    /// - Throws: ``PKCS11Error`` of kind `away` when it was started over less than `interval` ago, or calls do not return.
    func restart(
        since generation: Int,
        atMostEvery interval: Duration,
        before deadline: ContinuousClock.Instant
    ) throws(PKCS11Error) {
        let turn = self.gate.wait(until: deadline) { gate -> Turn? in
            if gate.generation != generation { return .another }
            if gate.isRestarting { return nil }
            if let last = gate.lastRestart, last.duration(to: .now) < interval { return .tooEarly }
            gate.isRestarting = true
            gate.lastRestart = .now
            return .mine
        }
        switch turn {
        case .another: return
        case .mine: break
        case .tooEarly, nil:
            throw PKCS11Error(.away, during: "starting the module over", "it was started over a moment ago")
        }
        defer {
            self.gate.withLock { $0.isRestarting = false }
            self.gate.broadcast()
        }
        let isEmpty: Void? = self.gate.wait(until: deadline) { $0.users == 0 ? () : nil }
        guard isEmpty != nil else {
            throw PKCS11Error(.away, during: "starting the module over", "a call into the module does not return")
        }
        // Whatever it answers: initializing tells whether it is usable.
        _ = self.list.functions.pointee.C_Finalize(nil)
        try self.initialize()
        self.gate.withLock { $0.generation += 1 }
    }

    private enum Turn: Sendable {
        case mine
        case another
        case tooEarly
    }

    private func initialize() throws(PKCS11Error) {
        var arguments = ck_c_initialize_args()
        arguments.flags = CKF_OS_LOCKING_OK
        let answer = ReturnCode(value: self.list.functions.pointee.C_Initialize(&arguments))
        // Another part of the process may have been first, and then shares it.
        guard answer.value == CKR_OK || answer.value == CKR_CRYPTOKI_ALREADY_INITIALIZED else {
            throw PKCS11Error(answer, during: "C_Initialize")
        }
    }
}
