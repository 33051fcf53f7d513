/// How often a sender does what it does again and again.
package struct DeliveryTiming: Hashable, Sendable {
    /// For how long a destination is one sender's; renewed three times as often.
    package var lease = Duration.seconds(15)
    /// Until a destination is asked for again that is another's, that is stopped, or whose ledger did not answer.
    package var takeAgain = Duration.seconds(2)
    /// Until the feed is looked at that nobody says has more.
    package var readFeed = Duration.milliseconds(500)
    /// Until deliveries are looked for whose time has come.
    package var readDue = Duration.seconds(1)
    /// From one record to the next, while events get through.
    package var record = Duration.milliseconds(100)
    /// Until a record that was not taken is tried again.
    package var recordAgain = Duration.seconds(1)
    /// For how long nothing got through before all deliveries that wait are tried as soon as something does.
    package var sweepAfter = Duration.seconds(300)
    /// How long an event may be under way before others go on without it, when there is no room for a page.
    package var overtake = Duration.seconds(2)
    /// From one log line about an event that failed to the next.
    package var complaint = Duration.seconds(10)
    /// For answers to what was sent before a stop.
    package var drain = Duration.seconds(10)
    /// Events in memory at most.
    package var window = 1_000
    /// Events that are read at once.
    package var page = 500
    /// Events of which there is news before it is recorded out of turn.
    package var recordCount = 500
    /// How often the destination may ask for a pause at an event while others get through.
    package var mostSlowed = 5

    package init() {}
}
