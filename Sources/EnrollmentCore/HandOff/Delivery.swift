/// How far a destination has been told, and how it does.
public struct DestinationStanding: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable {
        case active
        /// It answered that it is gone, or somebody stopped it; nothing is sent until somebody resumes it.
        case stopped
    }

    public let name: String
    public let state: State
    /// Every event up to this position is acknowledged, not meant for it, or has a ``Delivery`` of its own.
    public let cursor: Int64
    /// Since when nothing gets through; `nil` while something does.
    public let failingSince: Timestamp?
    /// Not before this; `nil` for at once.
    public let pausedUntil: Timestamp?
    /// What came of the latest try that failed, in a sentence.
    public let lastError: String?
    public let lastDelivered: Timestamp?

    public init(
        name: String,
        state: State,
        cursor: Int64,
        failingSince: Timestamp?,
        pausedUntil: Timestamp?,
        lastError: String?,
        lastDelivered: Timestamp?
    ) {
        self.name = name
        self.state = state
        self.cursor = cursor
        self.failingSince = failingSince
        self.pausedUntil = pausedUntil
        self.lastError = lastError
        self.lastDelivered = lastDelivered
    }
}

/// An event that did not get through at once, or that is to be sent once more.
public struct Delivery: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable {
        case waiting
        /// Given up: tried for as long as it may be, or refused for good.
        case dead
    }

    public let position: Int64
    /// What its order goes by; `nil` for an event about no device.
    public let device: DeviceID?
    public var state: State
    /// Tries so far.
    public var attempts: Int
    /// When it was tried first, or would have been but for an earlier event of the device.
    public var since: Timestamp
    public var nextTry: Timestamp
    public var lastError: String?
    /// Sent again because somebody asked for it; goes its own way, before or beside newer events of the device.
    public var isReplay: Bool

    public init(
        position: Int64,
        device: DeviceID?,
        state: State,
        attempts: Int,
        since: Timestamp,
        nextTry: Timestamp,
        lastError: String?,
        isReplay: Bool = false
    ) {
        self.position = position
        self.device = device
        self.state = state
        self.attempts = attempts
        self.since = since
        self.nextTry = nextTry
        self.lastError = lastError
        self.isReplay = isReplay
    }
}

/// What a sender did since it last said so.
public struct DeliveryReport: Hashable, Sendable {
    /// How a destination's standing changed.
    public struct Change: Hashable, Sendable {
        /// `nil` where the sender did not change it: an operator may have meanwhile.
        public var state: DestinationStanding.State?
        public var failingSince: Timestamp?
        public var pausedUntil: Timestamp?
        public var lastError: String?
        public var lastDelivered: Timestamp?

        public init(
            state: DestinationStanding.State? = nil,
            failingSince: Timestamp? = nil,
            pausedUntil: Timestamp? = nil,
            lastError: String? = nil,
            lastDelivered: Timestamp? = nil
        ) {
            self.state = state
            self.failingSince = failingSince
            self.pausedUntil = pausedUntil
            self.lastError = lastError
            self.lastDelivered = lastDelivered
        }
    }

    public let destination: String
    /// Who sends; nothing is taken from anybody but the holder of the destination's lease.
    public let holder: String
    /// Never moves back.
    public let cursor: Int64
    /// Deliveries that are new or changed.
    public let open: [Delivery]
    /// Positions of deliveries that are done with.
    public let settled: [Int64]
    /// Devices whose latest enrollment the management server acknowledged, with the certificate it was told of.
    public let handedOff: [(device: DeviceID, serialNumber: SerialNumber)]
    public let standing: Change
    public let now: Timestamp

    public init(
        destination: String,
        holder: String,
        cursor: Int64,
        open: [Delivery],
        settled: [Int64],
        handedOff: [(device: DeviceID, serialNumber: SerialNumber)],
        standing: Change,
        now: Timestamp
    ) {
        self.destination = destination
        self.holder = holder
        self.cursor = cursor
        self.open = open
        self.settled = settled
        self.handedOff = handedOff
        self.standing = standing
        self.now = now
    }

    public static func == (left: DeliveryReport, right: DeliveryReport) -> Bool {
        left.destination == right.destination && left.holder == right.holder && left.cursor == right.cursor
            && left.open == right.open && left.settled == right.settled && left.standing == right.standing
            && left.now == right.now && left.handedOff.elementsEqual(right.handedOff, by: ==)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.destination)
        hasher.combine(self.cursor)
        hasher.combine(self.now)
    }
}

/// Which events somebody wants to see or send again; what is left out does not narrow.
public struct EventSelection: Hashable, Sendable {
    public var ids: [DeviceID]
    public var device: DeviceID?
    public var kinds: Set<HandOffEvent.Kind>
    /// Recorded at this moment or later.
    public var from: Timestamp?
    /// Recorded before this moment.
    public var until: Timestamp?

    public init(
        ids: [DeviceID] = [],
        device: DeviceID? = nil,
        kinds: Set<HandOffEvent.Kind> = [],
        from: Timestamp? = nil,
        until: Timestamp? = nil
    ) {
        self.ids = ids
        self.device = device
        self.kinds = kinds
        self.from = from
        self.until = until
    }
}

/// A device that enrolled and was not seen since.
public struct SilentDevice: Hashable, Sendable {
    public let device: DeviceRecord
    /// When its certificate was issued.
    public let issued: Timestamp
    /// Whether an event said so already.
    public let isTold: Bool

    public init(device: DeviceRecord, issued: Timestamp, isTold: Bool) {
        self.device = device
        self.issued = issued
        self.isTold = isTold
    }
}
