/// The rules of `Poll` ([MS-MDE2] § 2.2.9.3).
enum PollSchedule {
    private static let sets = [
        ("NumberOfFirstRetries", "IntervalForFirstSetOfRetries"),
        ("NumberOfSecondRetries", "IntervalForSecondSetOfRetries"),
        ("NumberOfRemainingScheduledRetries", "IntervalForRemainingScheduledRetries"),
    ]

    static func check(_ provider: Characteristic, _ judge: Judge) throws(Deviation) {
        let nodes = provider.all("Poll")
        try judge.require(nodes.count <= 1, .poll, "at most one Poll", found: "\(nodes.count)")
        // Without one, the device polls once a day.
        guard let poll = nodes.first else { return }
        var endless = 0
        var isScheduled = false
        for (number, interval) in self.sets {
            let times = try self.number(number, of: poll, judge)
            let minutes = try self.number(interval, of: poll, judge)
            if minutes > 0 {
                isScheduled = true
                if times == 0 { endless += 1 }
            }
        }
        try judge.require(isScheduled, .poll, "a schedule that is not all zero", found: "all zero")
        try judge.require(endless <= 1, .poll, "at most one endless set", found: "\(endless)")
        let first = poll.value("NumberOfFirstRetries") ?? "10"
        try judge.require(first != "0", .poll, "NumberOfFirstRetries other than 0", found: first)
        for name in ["PollOnLogin", "AllUsersPollOnFirstLogin"] {
            guard let parameter = poll.parameters[name] else { continue }
            try judge.require(
                parameter.datatype == "boolean" && ["true", "false"].contains(parameter.value ?? ""),
                .poll,
                "\(name) true or false, datatype boolean",
                found: "\(parameter.value ?? "none"), \(parameter.datatype ?? "none")"
            )
        }
    }

    private static func number(_ name: String, of poll: Characteristic, _ judge: Judge) throws(Deviation) -> Int {
        guard let parameter = poll.parameters[name] else { return 0 }
        try judge.require(
            parameter.datatype == "integer",
            .poll,
            "\(name) with datatype integer",
            found: parameter.datatype ?? "none"
        )
        let text = parameter.value ?? "none"
        let value = try judge.unwrap(Int(text), .poll, "a number in \(name)", found: text)
        try judge.require(value >= 0, .poll, "a number of 0 or more in \(name)", found: text)
        return value
    }
}
