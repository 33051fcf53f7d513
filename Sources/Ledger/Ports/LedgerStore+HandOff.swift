package import EnrollmentCore

extension LedgerStore {
    // MARK: The feed

    /// Looks first, since mostly there is nothing to place.
    package func placeEvents(limit: Int) async throws(EnrollmentError) -> Int {
        guard try await self.read({ try OutboxTable(connection: $0).hasUnplaced() }) else { return 0 }
        return try await self.write(.feed) { try OutboxTable(connection: $0).place(limit: limit) }
    }

    package func events(
        after position: Int64,
        kinds: Set<HandOffEvent.Kind>,
        limit: Int
    ) async throws(EnrollmentError) -> [FeedEvent] {
        try await self.read { try OutboxTable(connection: $0).events(after: position, kinds: kinds, limit: limit) }
    }

    package func events(at positions: [Int64]) async throws(EnrollmentError) -> [FeedEvent] {
        guard !positions.isEmpty else { return [] }
        return try await self.read { try OutboxTable(connection: $0).events(at: positions) }
    }

    package func events(
        _ selection: EventSelection,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<FeedEvent> {
        try await self.read { try OutboxTable(connection: $0).events(selection, after: after, limit: limit) }
    }

    package func feedExtent() async throws(EnrollmentError) -> FeedExtent {
        try await self.read { try OutboxTable(connection: $0).extent() }
    }

    package func tell(
        _ event: HandOffEvent,
        subject: String,
        details: [Fact],
        at now: Timestamp
    ) async throws(EnrollmentError) {
        let evidence = { @Sendable (connection: LedgerConnection) throws -> Void? in
            try OutboxTable(connection: connection).holds(event.id) ? () : nil
        }
        try await self.write(LockPlan(names: [event.id.description]), .evidence(evidence)) { connection in
            try OutboxTable(connection: connection).insert(event, subject: subject, details: details, at: now)
        }
    }

    // MARK: Destinations

    package func destination(_ name: String) async throws(EnrollmentError) -> DestinationStanding {
        if let known = try await self.read({ try DestinationTable(connection: $0).find(name) }) { return known }
        return try await self.write(.destination(name)) { connection in
            let destinations = DestinationTable(connection: connection)
            try destinations.announce(name)
            guard let standing = try destinations.find(name) else { throw EnrollmentError.unreadable("a destination") }
            return standing
        }
    }

    package func destinations() async throws(EnrollmentError) -> [DestinationStanding] {
        try await self.read { try DestinationTable(connection: $0).list() }
    }

    package func deliveries(
        to destination: String,
        dueBy moment: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> [Delivery] {
        try await self.read {
            try DeliveryTable(connection: $0, destination: destination).due(by: moment, limit: limit)
        }
    }

    package func deliveries(
        to destination: String,
        in state: Delivery.State,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<Delivery> {
        try await self.read {
            try DeliveryTable(connection: $0, destination: destination).list(state, after: after, limit: limit)
        }
    }

    package func deliveryCounts(
        to destination: String
    ) async throws(EnrollmentError) -> (waiting: Int, dead: Int) {
        let counts = try await self.read { connection in
            let deliveries = DeliveryTable(connection: connection, destination: destination)
            try connection.foresee([{ _ = try deliveries.count(.waiting) }, { _ = try deliveries.count(.dead) }])
            return [try deliveries.count(.waiting), try deliveries.count(.dead)]
        }
        return (counts[0], counts[1])
    }

    package func blocked(
        _ devices: [DeviceID],
        at destination: String
    ) async throws(EnrollmentError) -> Set<DeviceID> {
        guard !devices.isEmpty else { return [] }
        return try await self.read {
            try DeliveryTable(connection: $0, destination: destination).blocked(devices)
        }
    }

    package func takeDestination(
        _ name: String,
        holder: String,
        for seconds: Int64
    ) async throws(EnrollmentError) -> Bool {
        let lease = DestinationTable.lease(of: name)
        let now = Timestamp.ofThisMachine
        let outcomes = try await self.takeLeases(
            [lease],
            holder: holder,
            now: now,
            until: now.adding(seconds: seconds)
        )
        return outcomes[lease] == .taken
    }

    package func leaveDestination(_ name: String, holder: String) async throws(EnrollmentError) {
        try await self.giveBackLeases([DestinationTable.lease(of: name)], holder: holder)
    }

    package func record(_ report: DeliveryReport) async throws(EnrollmentError) -> Bool {
        var locks = LockPlan.destination(report.destination)
        locks.devices = report.handedOff.map(\.device)
        return try await self.write(locks) { try HandOffTransaction(report.destination, on: $0).record(report) }
    }

    /// Part by part, so that nobody waits for it: a replay can be of all events there are.
    package func replay(
        _ selection: EventSelection,
        to destination: String,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> Int {
        var count = 0
        var next: String?
        repeat {
            let (counted, after) = (count, next)
            let part = try await self.write(.destination(destination)) { connection in
                try HandOffTransaction(destination, on: connection)
                    .replay(selection, after: after, counted: counted, by: act)
            }
            count += part.count
            next = part.next
        } while next != nil
        return count
    }

    package func resume(destination name: String, by act: AdministrativeAct) async throws(EnrollmentError) -> Bool {
        let evidence = { @Sendable (connection: LedgerConnection) throws -> Bool? in
            try ActTable(connection: connection).find(act.traceID)?.act == act ? true : nil
        }
        return try await self.write(.destination(name), .evidence(evidence)) {
            try HandOffTransaction(name, on: $0).resume(by: act)
        }
    }

    // MARK: Silence and retention

    package func silentDevices(
        issuedBefore moment: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<SilentDevice> {
        try await self.read { try DeviceTable(connection: $0).silent(issuedBefore: moment, after: after, limit: limit) }
    }

    package func tellSilent(
        issuedBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        let due = try await self.read {
            try DeviceTable(connection: $0).silentAndUntold(issuedBefore: moment, limit: limit).map(\.device)
        }
        guard !due.isEmpty else { return 0 }
        return try await self.write(LockPlan(devices: due)) { connection in
            let devices = DeviceTable(connection: connection)
            let outbox = OutboxTable(connection: connection)
            let silent = try devices.silentAndUntold(issuedBefore: moment, limit: limit).filter {
                due.contains($0.device)
            }
            for device in silent {
                try devices.markSilenceTold(device.device)
                try outbox.tell(.silent, of: device.device, about: device.certificateSerial, at: now)
            }
            return silent.count
        }
    }

    package func pruneEvents(
        recordedBefore moment: Timestamp,
        deliveredTo destinations: [String],
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        // Nobody has an event sent again that is just being removed.
        let locks = LockPlan(names: LockPlan.retention.names + destinations.map { DestinationTable.lease(of: $0) })
        return try await self.write(locks) {
            try Retention(connection: $0)
                .pruneEvents(recordedBefore: moment, deliveredTo: destinations, limit: limit)
        }
    }
}
