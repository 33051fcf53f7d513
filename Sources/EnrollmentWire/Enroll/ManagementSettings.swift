/// What every device is told about its management server (OMA-DM account; [MS-MDE2] § 2.2.9.5 and § 2.2.9.3).
package struct ManagementSettings: Hashable, Sendable {
    /// How often a device asks for management work; counts of tries and minutes between them.
    ///
    /// A count of 0 repeats for ever; [MS-MDE2] § 2.2.9.3 allows that for the last set only.
    package struct PollSchedule: Hashable, Sendable {
        package var firstRetries: Int
        package var firstInterval: Int
        package var secondRetries: Int
        package var secondInterval: Int
        package var remainingRetries: Int
        package var remainingInterval: Int
        package var pollsOnLogin: Bool
        package var pollsOnFirstLogin: Bool

        /// The published recommendation.
        package static let standard = PollSchedule()
        /// For devices that are set up while somebody waits: 10 times 3 minutes, a quarter of an hour for six hours, then
        /// three times a day.
        package static let eager = PollSchedule(
            firstRetries: 10,
            firstInterval: 3,
            secondRetries: 24,
            secondInterval: 15,
            remainingInterval: 480,
            pollsOnFirstLogin: true
        )
        /// For many devices behind thin lines: 3 times half an hour, 4 times four hours, then daily, and not at sign-in.
        package static let quiet = PollSchedule(
            firstRetries: 3,
            firstInterval: 30,
            secondRetries: 4,
            secondInterval: 240,
            pollsOnLogin: false
        )

        /// The published recommendation: 5 times 15 minutes, 10 times an hour, then daily.
        package init(
            firstRetries: Int = 5,
            firstInterval: Int = 15,
            secondRetries: Int = 10,
            secondInterval: Int = 60,
            remainingRetries: Int = 0,
            remainingInterval: Int = 1440,
            pollsOnLogin: Bool = true,
            pollsOnFirstLogin: Bool = false
        ) {
            self.firstRetries = firstRetries
            self.firstInterval = firstInterval
            self.secondRetries = secondRetries
            self.secondInterval = secondInterval
            self.remainingRetries = remainingRetries
            self.remainingInterval = remainingInterval
            self.pollsOnLogin = pollsOnLogin
            self.pollsOnFirstLogin = pollsOnFirstLogin
        }
    }

    /// The account's id on the device: PROVIDER-ID and the DMClient node.
    package let providerID: String
    /// Shown in Settings; also part of a registry path.
    package let name: String
    /// Absolute HTTPS URL of the management server; the first of its addresses.
    package let address: String
    /// Where else it is, tried in this order after ``address``.
    package let furtherAddresses: [String]
    /// Where renewals go, absolute; `nil` for the URL of discovery.
    package let renewalURL: String?
    /// Tries after a connection that could not be made.
    package let connectionRetries: Int
    /// Milliseconds before the first of them; grows exponentially.
    package let initialBackoff: Int
    /// Milliseconds; the ceiling of that growth.
    package let maximumBackoff: Int
    package let poll: PollSchedule

    package init(
        providerID: String,
        name: String,
        address: String,
        furtherAddresses: [String] = [],
        renewalURL: String? = nil,
        connectionRetries: Int = 6,
        initialBackoff: Int = 30_000,
        maximumBackoff: Int = 120_000,
        poll: PollSchedule = PollSchedule()
    ) {
        self.providerID = providerID
        self.name = name
        self.address = address
        self.furtherAddresses = furtherAddresses
        self.renewalURL = renewalURL
        self.connectionRetries = connectionRetries
        self.initialBackoff = initialBackoff
        self.maximumBackoff = maximumBackoff
        self.poll = poll
    }
}
