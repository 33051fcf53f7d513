public import EnrollmentCore
internal import Synchronization

/// Says yes to everything unless a test wants otherwise, and keeps what it was asked.
public final class JournaledAuthoriser: EnrollmentAuthoriser {
    private struct State {
        var questions: [AuthorisationQuestion] = []
        var answer: Result<AuthorisationAnswer, EnrollmentError> = .success(AuthorisationAnswer())
    }

    private let journal: PortJournal
    private let state = Mutex(State())

    init(journal: PortJournal) {
        self.journal = journal
    }

    /// Everything it was asked, oldest first.
    public var questions: [AuthorisationQuestion] { self.state.withLock { $0.questions } }

    /// Sets what is answered from now on.
    public func set(_ answer: Result<AuthorisationAnswer, EnrollmentError>) {
        self.state.withLock { $0.answer = answer }
    }

    public func authorise(_ question: AuthorisationQuestion) async throws(EnrollmentError) -> AuthorisationAnswer {
        let number = try self.journal.enter(.authorise)
        let result = self.state.withLock { state in
            state.questions.append(question)
            return state.answer
        }
        let answer = try result.get()
        try self.journal.leave(.authorise, number)
        return answer
    }
}
