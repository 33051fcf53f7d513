import EnrollmentCore

/// One line of a device's history: what it tried, or what somebody ordered for it.
struct DeviceMoment: Sendable {
    let time: Timestamp
    let what: String
    let detail: String?
    let trace: TraceID

    init(_ attempt: Attempt) {
        self.time = attempt.started
        self.what = "\(attempt.operation.rawValue) \(attempt.outcome.rawValue)"
        self.detail = attempt.rule
        self.trace = attempt.traceID
    }

    init(_ act: AdministrativeAct) {
        self.time = act.time
        self.what = act.verb.rawValue
        self.detail = ActReport.summary(act)
        self.trace = act.traceID
    }
}
