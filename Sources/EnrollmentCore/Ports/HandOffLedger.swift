/// The outbox, read: the feed of events, how far each destination has been told, and what did not get through.
///
/// Events are put in by whatever they tell of, in the same transaction; here they get their places.
public protocol HandOffLedger: Sendable {
    /// Gives events that were committed since the last time their positions, in the order in which they were put in.
    ///
    /// Only placed events are in the feed. One caller at a time places; where several write at once, the order of their
    /// commits is not that of their rows, and a reader that remembers a row's number would miss the late one.
    ///
    /// - Returns: How many; `limit` at most.
    func placeEvents(limit: Int) async throws(EnrollmentError) -> Int

    /// Events after a position, in order; of these kinds, or of all where there are none.
    func events(
        after position: Int64,
        kinds: Set<HandOffEvent.Kind>,
        limit: Int
    ) async throws(EnrollmentError) -> [FeedEvent]

    /// The events at these positions, in order; those that are kept no longer are left out.
    func events(at positions: [Int64]) async throws(EnrollmentError) -> [FeedEvent]

    /// Events that somebody asks for, the newest first.
    func events(_ selection: EventSelection, after: String?, limit: Int) async throws(EnrollmentError)
        -> Page<FeedEvent>

    /// From where to where the feed goes.
    func feedExtent() async throws(EnrollmentError) -> FeedExtent

    /// The destination's standing; a new one starts before the first event that is kept.
    func destination(_ name: String) async throws(EnrollmentError) -> DestinationStanding

    /// Every destination that was ever sent to.
    func destinations() async throws(EnrollmentError) -> [DestinationStanding]

    /// Deliveries that are due, the earliest try first: of each device the one with the lowest position, and replays.
    func deliveries(to destination: String, dueBy moment: Timestamp, limit: Int)
        async throws(EnrollmentError) -> [Delivery]

    /// Deliveries in a state, by position.
    func deliveries(to destination: String, in state: Delivery.State, after: String?, limit: Int)
        async throws(EnrollmentError) -> Page<Delivery>

    /// How many deliveries wait and how many are dead; counting stops at 10 000 each.
    func deliveryCounts(to destination: String) async throws(EnrollmentError) -> (waiting: Int, dead: Int)

    /// Which of these devices have a delivery that waits and is no replay: later events of theirs wait behind it.
    func blocked(_ devices: [DeviceID], at destination: String) async throws(EnrollmentError) -> Set<DeviceID>

    /// Takes the lease of a destination, or keeps it.
    ///
    /// - Returns: `false` while somebody else has it.
    func takeDestination(_ name: String, holder: String, for seconds: Int64) async throws(EnrollmentError) -> Bool

    /// Gives the lease back.
    func leaveDestination(_ name: String, holder: String) async throws(EnrollmentError)

    /// Records what a sender did; all of it or nothing.
    ///
    /// A device in state `issued` that holds the certificate of its acknowledged event becomes `handed-off`.
    ///
    /// - Returns: `false` when the lease is somebody else's by now: nothing was recorded, and the sender has to stop.
    func record(_ report: DeliveryReport) async throws(EnrollmentError) -> Bool

    /// Has events sent to the destination once more: those selected that are in the feed, dead ones among them.
    ///
    /// What comes after the destination's cursor is sent anyway and not counted. An event that waits behind an earlier
    /// one of its device keeps its place, and is due at once.
    ///
    /// - Returns: How many.
    func replay(
        _ selection: EventSelection,
        to destination: String,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> Int

    /// Lets a stopped destination be sent to again.
    ///
    /// - Returns: `false` when it was not stopped.
    func resume(destination name: String, by act: AdministrativeAct) async throws(EnrollmentError) -> Bool

    /// Puts an event about an issuer, or anything else that is no device's, into the outbox.
    func tell(_ event: HandOffEvent, subject: String, details: [Fact], at now: Timestamp) async throws(EnrollmentError)

    /// Devices that enrolled before `moment` and were not seen since, the longest silent first.
    func silentDevices(issuedBefore moment: Timestamp, after: String?, limit: Int)
        async throws(EnrollmentError) -> Page<SilentDevice>

    /// Puts a `silent` event into the outbox for each of them that has none since it enrolled.
    ///
    /// - Returns: How many; `limit` at most.
    func tellSilent(issuedBefore moment: Timestamp, at now: Timestamp, limit: Int)
        async throws(EnrollmentError) -> Int

    /// Removes events recorded before `moment` that all these destinations are done with.
    ///
    /// One that is waiting or dead at any of them stays, and so does everything as long as one of them was never sent to.
    /// What waits at destinations that are not named goes with its event.
    ///
    /// - Returns: How many; `limit` at most.
    func pruneEvents(recordedBefore moment: Timestamp, deliveredTo destinations: [String], limit: Int)
        async throws(EnrollmentError) -> Int
}
