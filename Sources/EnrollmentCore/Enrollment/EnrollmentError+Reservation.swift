extension EnrollmentError {
    /// The user has as many devices as they may have.
    static func limitReached(_ limit: DeviceLimit, _ counted: [CountedDevice], by user: DirectoryUser) -> Self {
        EnrollmentError(
            .deviceCapReached,
            "\(user.principalName) has \(counted.count) devices that count, and \(limit.maximum) are allowed."
                + " One has to go before another can come, or the limit has to be raised.",
            rule: "limit.reached",
            facts: [
                Fact("counted", "\(counted.count)"),
                Fact("allowed", "\(limit.maximum)"),
                Fact("limit from", limit.rule),
            ],
            counted: counted
        )
    }

    /// An administrator blocked the request's public key.
    static func keyBlocked(_ reason: String) -> Self {
        EnrollmentError(
            .certificateRequest,
            "The request's public key is blocked: \(reason). The device has to make a new key.",
            rule: "key.blocked"
        )
    }
}
