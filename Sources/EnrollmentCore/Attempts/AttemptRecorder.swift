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

    mutating func update(_ change: (inout Attempt) -> Void) {
        change(&self.attempt)
    }

    private mutating func note(_ name: String, succeeded: Bool, since started: Timestamp) {
        let microseconds = self.clock.now.microseconds - started.microseconds
        self.attempt.steps.append(.init(name: name, succeeded: succeeded, microseconds: microseconds))
    }
}
