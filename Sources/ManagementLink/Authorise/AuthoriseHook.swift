package import EnrollmentCore
package import Logging
internal import Synchronization

/// Asks a server of the operator's whether a device may have a certificate, before anything is reserved or signed.
///
/// One signed request, in the form in which events are sent; no second try, since a device is waiting.
package final class AuthoriseHook: EnrollmentAuthoriser {
    /// How questions ended since the start.
    package struct Counts: Hashable, Sendable {
        package var allowed = 0
        package var denied = 0
        /// Asked, and no answer that could be used.
        package var silent = 0
        /// Not asked, because nobody answered lately.
        package var paused = 0
    }

    private struct State {
        var breaker: HookBreaker
        var counts = Counts()
    }

    private let settings: AuthoriseSettings
    private let source: String
    private let signer: WebhookSigner
    private let transport: any HookTransport
    private let clock: any WallClock
    private let random: any RandomSource
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameters:
    ///   - settings: How long to wait, and what silence means.
    ///   - source: The service's address as devices know it.
    ///   - signer: Signs the questions.
    ///   - transport: Carries them.
    ///   - clock: For signatures and pauses.
    ///   - random: For the questions' ids.
    ///   - logger: Is told when answers stop and when they come again.
    package init(
        _ settings: AuthoriseSettings,
        source: String,
        signer: WebhookSigner,
        transport: any HookTransport,
        clock: any WallClock,
        random: any RandomSource,
        logger: Logger
    ) {
        self.settings = settings
        self.source = source
        self.signer = signer
        self.transport = transport
        self.clock = clock
        self.random = random
        self.logger = logger
        self.state = Mutex(
            State(
                breaker: HookBreaker(
                    failuresToPause: settings.failuresToPause,
                    pauseSeconds: settings.pauseSeconds
                )
            )
        )
    }

    package var counts: Counts { self.state.withLock { $0.counts } }
    /// Whether nobody is asked at present.
    package var isPaused: Bool { self.state.withLock { $0.breaker.isPaused } }

    package func authorise(_ question: AuthorisationQuestion) async throws(EnrollmentError) -> AuthorisationAnswer {
        let permission = self.state.withLock { $0.breaker.permission(at: self.clock.now) }
        guard permission != .pause else {
            self.state.withLock { $0.counts.paused += 1 }
            return try self.silence("It did not answer lately and is not asked for a while.")
        }
        let message: WebhookMessage
        do throws(EnrollmentError) {
            message = try self.message(question)
        } catch {
            self.state.withLock { $0.breaker.noteAbandoned(permission) }
            throw error
        }
        let answer: AuthoriseAnswer
        do throws(HookFailure) {
            answer = try await self.ask(message)
        } catch {
            self.noteSilence(permission, error)
            return try self.silence("Asked, there was no answer: \(error.reason).")
        }
        self.noteAnswer(answer.decision)
        guard answer.decision == .allow else {
            throw EnrollmentError(
                .denied,
                "Asked, \(self.settings.name) said no. Ask whoever runs it, with the trace id.",
                rule: "authorise.denied",
                facts: [Fact("asked", self.settings.name)],
                reasonForUser: answer.reason
            )
        }
        return AuthorisationAnswer(attributes: answer.attributes)
    }
}

// MARK: - Asking

extension AuthoriseHook {
    private func message(_ question: AuthorisationQuestion) throws(EnrollmentError) -> WebhookMessage {
        let id = DeviceID(random: try self.random.octets(16))
        let now = self.clock.now
        var writer = JSONWriter()
        writer.envelope(
            id,
            type: EventType.authorise,
            kind: "authorise",
            source: self.source,
            subject: question.device.map { "\($0)" },
            time: now
        ) { writer in
            writer.question(question)
        }
        return try self.signer.message("\(id)", at: now, body: writer.octets)
    }

    private func ask(_ message: WebhookMessage) async throws(HookFailure) -> AuthoriseAnswer {
        let (status, body) = try await self.answer(to: message)
        guard status == 200 else { throw HookFailure("it answered with status \(status)") }
        do throws(AuthoriseAnswer.Unreadable) {
            return try AuthoriseAnswer(reading: body)
        } catch {
            throw HookFailure("its answer cannot be used, \(error.reason)")
        }
    }

    private func answer(to message: WebhookMessage) async throws(HookFailure) -> (status: Int, body: [UInt8]) {
        let outcome = await withTaskGroup(of: Result<(status: Int, body: [UInt8]), HookFailure>.self) { group in
            group.addTask {
                do throws(HookFailure) {
                    return .success(try await self.transport.send(message))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                // Ends early when the other one has an answer; then nobody reads what this one says.
                try? await Task.sleep(for: self.settings.timeLimit)
                return .failure(HookFailure("none came within \(self.settings.timeLimit)"))
            }
            let first = await group.next() ?? .failure(HookFailure("nobody was asked"))
            group.cancelAll()
            return first
        }
        return try outcome.get()
    }

    /// What silence is taken for.
    private func silence(_ reason: String) throws(EnrollmentError) -> AuthorisationAnswer {
        switch self.settings.onSilence {
        case .admit:
            return AuthorisationAnswer(silence: reason)
        case .refuse:
            throw EnrollmentError(
                .inMaintenance,
                "\(self.settings.name) has to agree to every device. \(reason) Get it to answer, or set"
                    + " handOff.authorise.onSilence to admit.",
                rule: "authorise.silent",
                facts: [Fact("asked", self.settings.name)]
            )
        }
    }
}

// MARK: - Keeping count

extension AuthoriseHook {
    private func noteAnswer(_ decision: AuthoriseAnswer.Decision) {
        let wasPaused = self.state.withLock { state in
            let wasPaused = state.breaker.isPaused
            state.breaker.noteAnswer()
            switch decision {
            case .allow: state.counts.allowed += 1
            case .deny: state.counts.denied += 1
            }
            return wasPaused
        }
        if wasPaused {
            self.logger.notice("the authorise hook answers again", metadata: ["asked": "\(self.settings.name)"])
        }
    }

    private func noteSilence(_ permission: HookBreaker.Permission, _ failure: HookFailure) {
        let now = self.clock.now
        let isNew = self.state.withLock { state in
            let wasPaused = state.breaker.isPaused
            state.breaker.noteSilence(permission, at: now)
            state.counts.silent += 1
            return !wasPaused && state.breaker.isPaused
        }
        if isNew {
            self.logger.warning(
                "the authorise hook does not answer and is not asked for a while",
                metadata: [
                    "asked": "\(self.settings.name)", "reason": "\(failure.reason)",
                    "devices are": self.settings.onSilence == .refuse ? "refused" : "admitted",
                ]
            )
        }
    }
}
