/// Follows one attempt through its steps and notes how long each took.
struct AttemptRecorder {
    private(set) var attempt: Attempt
    private let clock: any WallClock

    init(_ attempt: Attempt, clock: any WallClock) {
        self.attempt = attempt
        self.clock = clock
    }

    /// Runs one step; a refusal ends it as failed and goes on up.
    mutating func step<Result>(
        _ name: String,
        _ body: () async throws(EnrollmentError) -> Result
    ) async throws(EnrollmentError) -> Result {
        let started = self.clock.now
        do throws(EnrollmentError) {
            let result = try await body()
            self.note(name, succeeded: true, since: started)
            return result
        } catch {
            self.note(name, succeeded: false, since: started)
            throw error
        }
    }

    /// Asks whether the device may have what it wants.
    ///
    /// Where nobody answered and that is taken for a yes, the step says so.
    ///
    /// - Returns: What was said of the device.
    mutating func authorisation(
        of question: AuthorisationQuestion,
        by authoriser: any EnrollmentAuthoriser
    ) async throws(EnrollmentError) -> [Fact] {
        let answer = try await self.step("authorise") { () async throws(EnrollmentError) in
            try await authoriser.authorise(question)
        }
        if let silence = answer.silence { self.annotate(silence) }
        return answer.attributes
    }

    /// Gives the latest step a note.
    private mutating func annotate(_ note: String) {
        guard let step = self.attempt.steps.popLast() else { return }
        self.attempt.steps.append(
            .init(name: step.name, succeeded: step.succeeded, microseconds: step.microseconds, note: note)
        )
    }

    mutating func update(_ change: (inout Attempt) -> Void) {
        change(&self.attempt)
    }

    private mutating func note(_ name: String, succeeded: Bool, since started: Timestamp) {
        let microseconds = self.clock.now.microseconds - started.microseconds
        self.attempt.steps.append(.init(name: name, succeeded: succeeded, microseconds: microseconds))
    }
}
