public import EnrollmentCore
internal import Synchronization

extension InMemoryLedger: FleetQueries {
    /// The key is the position of the last element given.
    public func fallingOut(
        endingBefore moment: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<FallingOutDevice> {
        let all = self.state.withLock { $0.ending(before: moment) }
        let start = after.map { Int($0) } ?? 0
        guard let start, (0...all.count).contains(start) else {
            throw EnrollmentError(.messageFormat, "The key is not one that a page gave.", rule: "query.after")
        }
        let page = all[start...].prefix(PageSize.clamped(limit))
        return Page(elements: Array(page), next: page.endIndex < all.count ? String(page.endIndex) : nil)
    }

    public func fleet(at now: Timestamp) async throws(EnrollmentError) -> FleetHealth {
        self.state.withLock { state in
            let live = state.devices.map(\.record).filter { $0.state.occupiesSlot }
            let buckets = FleetHealth.ranges.map { days in
                let range = now.adding(days: days.lowerBound)..<now.adding(days: days.upperBound + 1)
                let count = live.count { $0.certificateEnds.map { range.contains($0) } ?? false }
                return FleetHealth.Bucket(days: days, count: min(count, FleetHealth.most))
            }
            let soon = state.ending(before: now.adding(days: 30)).prefix(FleetHealth.most)
            return FleetHealth(buckets: buckets, refusedRenewals: soon.count { $0.lastFailure != nil })
        }
    }
}

extension InMemoryLedger {
    public func managementAccounts() async throws(EnrollmentError) -> [String] {
        self.state.withLock { state in
            let live = state.devices.map(\.record).filter { $0.state.occupiesSlot && !$0.providerID.isEmpty }
            return Array(Set(live.map(\.providerID)).sorted().prefix(100))
        }
    }
}

extension InMemoryLedger.State {
    fileprivate func ending(before moment: Timestamp) -> [FallingOutDevice] {
        let ending = self.devices.map(\.record).compactMap { device -> (record: DeviceRecord, ends: Timestamp)? in
            guard device.state.occupiesSlot, let ends = device.certificateEnds, ends < moment else { return nil }
            return (device, ends)
        }
        return ending.sorted { $0.ends < $1.ends }.map { ending in
            let certificate = ending.record.certificateSerial.flatMap { self.index(of: $0) }
            let since = certificate.map { self.certificates[$0].record.recorded }
            let failure = self.attempts.last { attempt in
                attempt.device == ending.record.device && attempt.operation == .renewal
                    && attempt.outcome == .refused && since.map { attempt.started >= $0 } ?? true
            }
            return FallingOutDevice(device: ending.record, lastFailure: failure)
        }
    }
}
