internal import CPKCS11
internal import Glibc
internal import Synchronization

/// A module in this process: initialized while there are tokens behind it that somebody uses, shared by all of them, and
/// started over when one of them cannot be reached otherwise.
///
/// Some modules, SoftHSM's among them, look for tokens only when they are initialized. Starting over ends every
/// session with every token of the module, so it waits until none is at work, and their owners open new ones.
///
/// Whoever is inside a module while the process ends brings it down: its own static objects are destroyed under him. So
/// the last token that is closed finalizes it, and what is left at the end of the process is kept out.
final class TokenModule: Sendable {
    private struct Gate {
        /// How many threads are inside the module.
        var users = 0
        /// How many tokens want it initialized.
        var holders = 0
        var isStarted = false
        /// Why it did not start when that was last tried.
        var failure: PKCS11Error?
        /// Whether nobody else in the process initialized it before.
        var isOurs = false
        /// Whether it is being initialized or finalized; nobody enters meanwhile.
        var isChanging = false
        /// Whether the process ends.
        var isOver = false
        /// How often ``leave(exiting:)`` was registered: when it was first to start, when it first did, and when it first
        /// was of use.
        var farewells = 0
        /// How often it was initialized.
        var generation = 0
        /// When it was last tried.
        var lastRestart: ContinuousClock.Instant?
    }

    /// How long the end of the process waits for calls that are on their way.
    private static let farewell = Duration.seconds(2)

    private static let loaded = Mutex<[String: TokenModule]>([:])

    private let path: String
    private let list: FunctionList
    private let gate = Guarded(Gate())

    /// The module at `path`, loaded when this is the first to ask for it.
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
    }

    /// Two names of one file are one module, which must not be initialized twice.
    private static func canonical(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Which start of the module this is; to be given to ``restart(since:atMostEvery:before:)``.
    var generation: Int { self.gate.withLock { $0.generation } }

    // MARK: Its life

    /// Whether it is initialized.
    var isStarted: Bool { self.gate.withLock { $0.isStarted } }

    /// Has it initialized until ``release()``.
    ///
    /// One that does not start for the moment, since the service behind it is down, is held all the same:
    /// ``restart(since:atMostEvery:before:)`` tries again.
    ///
    /// - Throws: ``PKCS11Error`` of kind `module` when it does not start at all, and of kind `away` when somebody has been
    ///   at that for long.
    func hold() throws(PKCS11Error) {
        let isMine: Bool? = self.gate.wait(until: .now + .seconds(10)) { gate in
            guard !gate.isChanging, !gate.isOver else { return nil }
            gate.holders += 1
            gate.isChanging = !gate.isStarted
            return gate.isChanging
        }
        guard let isMine else {
            throw PKCS11Error(.away, during: "starting the module", "the module \(self.path) is being started or ended")
        }
        guard isMine else { return }
        defer { self.changed() }
        do throws(PKCS11Error) {
            do throws(PKCS11Error) {
                try self.initialize()
                try self.registerFarewell(2)
            } catch  where error.kind == .away {
                try self.registerFarewell(1)
            }
        } catch {
            self.gate.withLock { $0.holders -= 1 }
            throw PKCS11Error(
                .module,
                during: error.operation,
                code: error.code,
                "the module \(self.path) does not start; look at its own configuration"
            )
        }
    }

    /// Gives back what ``hold()`` took, and finalizes the module when nobody else holds it.
    func release() {
        let isMine = self.gate.wait { gate -> Bool? in
            if gate.isOver { return false }
            guard !gate.isChanging else { return nil }
            gate.holders -= 1
            gate.isChanging = gate.holders == 0 && gate.isStarted && gate.isOurs
            return gate.isChanging
        }
        guard isMine == true else { return }
        self.finalize()
        self.changed()
    }

    /// Keeps everybody out for good and finalizes it, since the process ends.
    ///
    /// Where a call does not return in time, the process ends here and now, its destructors left out: the call would
    /// return into a module that they have taken apart.
    private func leave(exiting status: Int32) {
        self.gate.withLock { $0.isOver = true }
        self.gate.broadcast()
        let deadline = ContinuousClock.now + Self.farewell
        // On a thread of its own, since finalizing may hang as well.
        let isDone = Guarded(false)
        let end: @Sendable () -> Void = {
            let isEmpty = self.gate.wait(until: deadline) { $0.users == 0 && !$0.isChanging ? true : nil }
            guard isEmpty != nil else { return }
            if self.gate.withLock({ $0.isStarted && $0.isOurs }) { self.finalize() }
            isDone.withLock { $0 = true }
            isDone.broadcast()
        }
        do throws(PKCS11Error) {
            try Threads.start(end)
        } catch {
            end()
        }
        guard isDone.wait(until: deadline, for: { $0 ? true : nil }) == nil else { return }
        fflush(nil)
        _exit(status)
    }

    /// Has the process call ``leave(exiting:)`` when it ends.
    ///
    /// What is registered last runs first, so this has to come after whatever the module and its libraries register for
    /// taking themselves apart; they do so when they are loaded, when they are initialized, and when they are first used.
    private func registerFarewell(_ number: Int) throws(PKCS11Error) {
        let isDue = self.gate.withLock { gate in
            defer { gate.farewells = max(gate.farewells, number) }
            return gate.farewells < number
        }
        guard isDue else { return }
        let module = Unmanaged.passRetained(self)
        let status = on_exit(
            { status, module in
                guard let module else { return }
                Unmanaged<TokenModule>.fromOpaque(module).takeUnretainedValue().leave(exiting: status)
            },
            module.toOpaque()
        )
        guard status == 0 else {
            module.release()
            throw PKCS11Error(.module, during: "on_exit", "the process does not take one more thing to do at its end")
        }
    }

    private func changed() {
        self.gate.withLock { $0.isChanging = false }
        self.gate.broadcast()
    }

    // MARK: Its use

    /// Enters the module, which is not started over meanwhile.
    ///
    /// - Parameters:
    ///   - generation: The start that a session is of, if one is to be used: a new start gives the same handles to
    ///     others.
    ///   - deadline: How long to wait when the module is being started over.
    ///   - body: Calls functions of the module.
    /// - Returns: What `body` returned.
    /// - Throws: ``PKCS11Error`` of kind `away` when the session is of a former start, or when the module is being started
    ///   over until `deadline`; what kept the module from starting; and whatever `body` throws.
    func use<Result>(
        _ generation: Int? = nil,
        before deadline: ContinuousClock.Instant,
        _ body: (FunctionList) throws(PKCS11Error) -> Result
    ) throws(PKCS11Error) -> Result {
        let entry: Entry? = self.gate.wait(until: deadline) { gate in
            if gate.isOver { return .refused }
            guard !gate.isChanging else { return nil }
            if let failure = gate.failure { return .failed(failure) }
            if let generation, generation != gate.generation { return .refused }
            gate.users += 1
            return .admitted
        }
        if case .failed(let failure) = entry { throw failure }
        guard case .admitted = entry else {
            throw PKCS11Error(.away, during: "entering the module", "the module \(self.path) is being started over")
        }
        defer {
            let isLastOut = self.gate.withLock { gate in
                gate.users -= 1
                return gate.users == 0 && (gate.isChanging || gate.isOver)
            }
            if isLastOut { self.gate.broadcast() }
        }
        let result = try body(self.list)
        if generation != nil { try self.registerFarewell(3) }
        return result
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
            if gate.isOver { return .tooEarly }
            if gate.generation != generation { return .another }
            if gate.isChanging { return nil }
            if let last = gate.lastRestart, last.duration(to: .now) < interval {
                return gate.failure.map { .failed($0) } ?? .tooEarly
            }
            gate.isChanging = true
            gate.lastRestart = .now
            return .mine
        }
        switch turn {
        case .another: return
        case .mine: break
        case .failed(let failure): throw failure
        case .tooEarly, nil:
            throw PKCS11Error(.away, during: "starting the module over", "it was started over a moment ago")
        }
        defer { self.changed() }
        let isEmpty: Void? = self.gate.wait(until: deadline) { $0.users == 0 ? () : nil }
        guard isEmpty != nil else {
            throw PKCS11Error(.away, during: "starting the module over", "a call into the module does not return")
        }
        self.finalize()
        try self.initialize()
        try self.registerFarewell(2)
    }

    private enum Turn: Sendable {
        case mine
        case another
        case tooEarly
        case failed(PKCS11Error)
    }

    private enum Entry: Sendable {
        case admitted
        case refused
        case failed(PKCS11Error)
    }

    private func finalize() {
        // Whatever it answers: initializing tells whether it is usable.
        _ = self.list.functions.pointee.C_Finalize(nil)
        self.gate.withLock { $0.isStarted = false }
    }

    private func initialize() throws(PKCS11Error) {
        var arguments = ck_c_initialize_args()
        arguments.flags = CKF_OS_LOCKING_OK
        let answer = ReturnCode(value: self.list.functions.pointee.C_Initialize(&arguments))
        // Another part of the process may have been first, and then shares it.
        guard answer.value == CKR_OK || answer.value == CKR_CRYPTOKI_ALREADY_INITIALIZED else {
            let error = PKCS11Error(
                answer.kind,
                during: "C_Initialize",
                code: answer.name,
                "the module \(self.path) does not start; look at its own configuration"
            )
            self.gate.withLock { $0.failure = error }
            throw error
        }
        self.gate.withLock { gate in
            gate.isStarted = true
            gate.failure = nil
            gate.isOurs = answer.value == CKR_OK
            gate.generation += 1
        }
    }
}
