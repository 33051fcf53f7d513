internal import EnrollmentCore
internal import SQLText

/// What senders and operators change about a destination.
struct HandOffTransaction {
    let connection: LedgerConnection
    let destination: String
    private let destinations: DestinationTable
    private let deliveries: DeliveryTable

    init(_ destination: String, on connection: LedgerConnection) {
        self.connection = connection
        self.destination = destination
        self.destinations = DestinationTable(connection: connection)
        self.deliveries = DeliveryTable(connection: connection, destination: destination)
    }

    /// - Returns: `false` when the destination's lease is not the sender's any more.
    func record(_ report: DeliveryReport) throws -> Bool {
        let leases = LeaseTable(connection: self.connection)
        // One that has run out is the sender's until somebody takes it, for which this transaction has the lock.
        guard try leases.standing(DestinationTable.lease(of: self.destination))?.holder == report.holder else {
            return false
        }
        try self.destinations.advance(self.destination, to: report.cursor, report.standing)
        for delivery in report.open { try self.deliveries.put(delivery) }
        for position in report.settled { try self.deliveries.settle(position) }
        let devices = DeviceTable(connection: self.connection)
        for (device, serial) in report.handedOff { try devices.handOff(device, holding: serial) }
        return true
    }

    /// One page of a replay.
    struct Part: Sendable {
        let count: Int
        let next: String?
    }

    /// Has the next page of the selection sent once more; whatever comes after the cursor is going to be sent anyway.
    func replay(
        _ selection: EventSelection,
        after key: String?,
        counted: Int,
        by act: AdministrativeAct
    ) throws -> Part {
        let acts = ActTable(connection: self.connection)
        try self.destinations.announce(self.destination)
        guard let standing = try self.destinations.find(self.destination) else {
            throw EnrollmentError.unreadable("a destination")
        }
        let page = try OutboxTable(connection: self.connection).places(selection, after: key, limit: PageSize.largest)
        let places = try page.elements.filter { place in
            try place.position <= standing.cursor || self.deliveries.holds(place.position)
        }
        for place in places { try self.deliveries.replay(place, at: act.time) }
        let known = try acts.find(act.traceID)
        if known?.act != act { try acts.record(act, device: nil, facts: [Fact("destination", self.destination)]) }
        // The last part says how many there were, once.
        if page.next == nil, known?.facts.contains(where: { $0.name == Self.eventsFact }) != true {
            try acts.record(act, device: nil, facts: [Fact(Self.eventsFact, String(counted + places.count))])
        }
        try self.connection.tell(.events)
        return Part(count: places.count, next: page.next)
    }

    private static let eventsFact = "events"

    /// - Returns: `false` when it was not stopped.
    func resume(by act: AdministrativeAct) throws -> Bool {
        guard try self.destinations.resume(self.destination) else { return false }
        let facts = [Fact("destination", self.destination)]
        try ActTable(connection: self.connection).record(act, device: nil, facts: facts)
        try self.connection.tell(.events)
        return true
    }
}

extension DeviceTable {
    /// Notes that the management server knows of the device with that certificate; one that is held is so when it is
    /// resumed.
    func handOff(_ device: DeviceID, holding serial: SerialNumber) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE device SET state = CASE WHEN state = 'issued' THEN 'handed-off' ELSE state END,
                held_from = CASE WHEN held_from = 'issued' THEN 'handed-off' ELSE held_from END
            WHERE id = ?1 AND certificate_serial = ?2
                AND (state = 'issued' OR state = 'held' AND held_from = 'issued')
            """
        )
        try statement.bind(device.octets, at: 1)
        try statement.bind(serial.octets, at: 2)
        try statement.run()
    }
}
