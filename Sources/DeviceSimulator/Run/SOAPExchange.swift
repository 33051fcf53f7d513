internal import XMLKit

/// One request and its answer, checked as far as every operation is alike.
struct SOAPExchange: Sendable {
    let step: EnrollmentStep
    let envelope: RequestEnvelope
    /// The `Action` that the answer has to name.
    let expectedAction: String
    /// The whole request.
    let octets: [UInt8]

    init(
        _ step: EnrollmentStep,
        action: String,
        answer expected: String,
        body: String,
        to address: String,
        sender: RequestEnvelope.Sender
    ) {
        var generator = SystemRandomNumberGenerator()
        self.step = step
        self.expectedAction = expected
        self.envelope = RequestEnvelope(
            action: action,
            messageID: "urn:uuid:\(Hexadecimal.identifier(using: &generator))",
            to: address,
            sender: sender
        )
        self.octets = self.envelope.octets(around: body)
    }

    /// Posts it and waits.
    ///
    /// - Parameters:
    ///   - connection: The way to the server.
    ///   - report: Told of the answer: step, HTTP status, milliseconds, a few words.
    /// - Returns: Header and body of the answer.
    /// - Throws: ``SimulationFailure`` when there is no answer, a refusal, or one that breaks a rule.
    func perform(
        over connection: ServerConnection,
        report: (EnrollmentStep, Int, Double, String) -> Void
    ) throws(SimulationFailure) -> (header: XMLElement, body: XMLElement) {
        let (answer, milliseconds) = try connection.post(self.octets, to: self.envelope.to, self.step)
        let read = try SimulationFailure.judging(self.step) { judge throws(Deviation) in
            try SOAPAnswer(answer, expecting: self.expectedAction, relatingTo: self.envelope.messageID, judge)
        }
        switch read {
        case .response(let header, let body):
            report(self.step, answer.status, milliseconds, "")
            return (header, body)
        case .fault(let fault):
            report(self.step, answer.status, milliseconds, fault.description)
            throw .refused(self.step, fault)
        }
    }
}

extension SimulationFailure {
    /// Calls `body` and turns what deviates into a failure.
    static func judging<Value>(
        _ step: EnrollmentStep,
        _ body: (Judge) throws(Deviation) -> Value
    ) throws(SimulationFailure) -> Value {
        do throws(Deviation) {
            return try body(Judge(step: step))
        } catch {
            throw .deviated(error)
        }
    }
}
