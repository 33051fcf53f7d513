internal import EnrollmentCore

extension InMemoryLedger.State {
    /// What has a place and fits, in order.
    func feed(where fits: (InMemoryLedger.HandOff.Entry) -> Bool = { _ in true }) -> [FeedEvent] {
        let entries = self.handOff.outbox.filter { $0.position != nil && fits($0) }
        guard !entries.isEmpty else { return [] }
        let traces = Set(entries.compactMap(\.traceID))
        let refused = self.attempts.filter { traces.contains($0.traceID) && $0.rule == "limit.reached" }
        let ordered = self.acts.map(\.act).filter { traces.contains($0.traceID) }
        let lookUp = LookUp(
            certificates: Self.index(self.certificates.map(\.record.serialNumber)),
            devices: Self.index(self.devices.map(\.record.device)),
            attempts: Dictionary(refused.map { ($0.traceID, $0) }) { first, _ in first },
            acts: Dictionary(ordered.map { ($0.traceID, $0) }) { first, _ in first }
        )
        return entries.compactMap { self.event($0, lookUp) }.sorted { $0.position < $1.position }
    }

    /// What events name, found fast: a feed can be long.
    private struct LookUp {
        let certificates: [SerialNumber: Int]
        let devices: [DeviceID: Int]
        let attempts: [TraceID: Attempt]
        let acts: [TraceID: AdministrativeAct]
    }

    private static func index<Key: Hashable>(_ keys: [Key]) -> [Key: Int] {
        Dictionary(zip(keys, keys.indices)) { first, _ in first }
    }

    private func event(_ entry: InMemoryLedger.HandOff.Entry, _ lookUp: LookUp) -> FeedEvent? {
        guard let position = entry.position else { return nil }
        let certificate = entry.event.serialNumber.flatMap { lookUp.certificates[$0] }
        let predecessor = entry.predecessor.flatMap { lookUp.certificates[$0] }
        return FeedEvent(
            position: position,
            event: entry.event,
            recorded: entry.recorded,
            traceID: entry.traceID,
            device: entry.event.device.flatMap { lookUp.devices[$0] }
                .map { self.facts(self.devices[$0].record, provider: entry.provider) },
            certificate: certificate.map { self.proven(self.certificates[$0]) },
            predecessor: predecessor.map { self.proven(self.certificates[$0]) },
            act: entry.traceID.flatMap { lookUp.acts[$0] },
            sealedAccount: entry.sealedAccount,
            details: entry.details,
            attempt: entry.event.kind == .limitRefused ? entry.traceID.flatMap { lookUp.attempts[$0] } : nil,
            subject: entry.subject
        )
    }

    func facts(_ device: DeviceRecord, provider: String? = nil) -> DeviceFacts {
        DeviceFacts(
            device: device.device,
            state: device.state,
            name: device.name,
            claimedDeviceID: device.claimedDeviceID,
            hardwareID: device.hardwareID,
            enrollmentType: device.enrollmentType,
            providerID: provider ?? device.providerID,
            ownership: device.ownership,
            ownershipRule: device.ownershipRule,
            userID: device.userID,
            userPrincipalName: self.users[device.userID]?.principalName ?? "",
            firstEnrolled: device.firstEnrolled,
            currentSerial: device.certificateSerial
        )
    }

    func proven(_ certificate: InMemoryLedger.Certificate) -> ProvenCertificate {
        let evidence = certificate.evidence
        return ProvenCertificate(
            serialNumber: certificate.record.serialNumber,
            issuerID: certificate.record.issuerID,
            notBefore: certificate.record.notBefore,
            notAfter: certificate.record.notAfter,
            thumbprint: certificate.record.thumbprint,
            windowsThumbprint: certificate.windowsThumbprint,
            protection: certificate.record.protection,
            credentialKind: evidence?.credentialKind ?? "",
            userID: evidence?.user.id ?? "",
            userPrincipalName: evidence?.user.principalName ?? "",
            source: evidence?.user.source ?? "",
            claims: evidence?.claims
        )
    }

    func selected(_ selection: EventSelection) -> [FeedEvent] {
        self.feed { event in
            (selection.ids.isEmpty || selection.ids.contains(event.event.id))
                && (selection.device == nil || event.event.device == selection.device)
                && (selection.kinds.isEmpty || selection.kinds.contains(event.event.kind))
                && (selection.from.map { event.recorded >= $0 } ?? true)
                && (selection.until.map { event.recorded < $0 } ?? true)
        }
    }

    mutating func tellLimitReached(_ attempt: Attempt) {
        guard attempt.outcome == .refused, attempt.rule == "limit.reached" else { return }
        let event = HandOffEvent(
            id: DeviceID(random: (0..<16).map { _ in UInt8.random(in: .min ... .max) }),
            kind: .limitRefused,
            device: nil,
            generation: 0,
            serialNumber: nil
        )
        self.handOff.outbox.append(
            InMemoryLedger.HandOff.Entry(
                event: event,
                recorded: Timestamp(microseconds: attempt.started.microseconds + attempt.microseconds),
                traceID: attempt.traceID,
                predecessor: nil,
                sealedAccount: nil,
                subject: attempt.userID,
                details: []
            )
        )
    }

    func silent(issuedBefore moment: Timestamp) -> [SilentDevice] {
        let silent = self.devices.compactMap { device -> SilentDevice? in
            guard device.record.state == .issued || device.record.state == .handedOff, let issued = device.issued,
                issued < moment
            else { return nil }
            return SilentDevice(device: device.record, issued: issued, isTold: device.isSilenceTold)
        }
        return silent.sorted { $0.issued < $1.issued }
    }
}

// MARK: Destinations

extension InMemoryLedger.State {
    mutating func destination(_ name: String) -> DestinationStanding {
        if let known = self.handOff.destinations[name] { return known }
        let first = self.handOff.outbox.compactMap(\.position).min() ?? self.handOff.lastPosition + 1
        let standing = DestinationStanding(
            name: name,
            state: .active,
            cursor: first - 1,
            failingSince: nil,
            pausedUntil: nil,
            lastError: nil,
            lastDelivered: nil
        )
        self.handOff.destinations[name] = standing
        return standing
    }

    func deliveries(to destination: String, in state: Delivery.State) -> [Delivery] {
        (self.handOff.deliveries[destination] ?? [:]).values.filter { $0.state == state }
            .sorted { $0.position < $1.position }
    }

    mutating func record(_ report: DeliveryReport) -> Bool {
        let name = report.destination
        guard self.handOff.leases[name]?.holder == report.holder else { return false }
        let known = self.destination(name)
        self.handOff.destinations[name] = known.with(report.standing, cursor: max(known.cursor, report.cursor))
        for delivery in report.open { self.handOff.deliveries[name, default: [:]][delivery.position] = delivery }
        for position in report.settled { self.handOff.deliveries[name]?[position] = nil }
        for (device, serial) in report.handedOff {
            guard let index = self.index(of: device), self.devices[index].record.certificateSerial == serial else {
                continue
            }
            let record = self.devices[index].record
            if record.state == .issued { self.devices[index].record = record.with(state: .handedOff) }
            if record.state == .held, self.devices[index].heldFrom == .issued {
                self.devices[index].heldFrom = .handedOff
            }
        }
        return true
    }

    mutating func replay(
        _ selection: EventSelection,
        to name: String,
        by act: AdministrativeAct
    ) throws(EnrollmentError) -> Int {
        let cursor = self.destination(name).cursor
        let chosen = self.selected(selection).filter { event in
            event.position <= cursor || self.handOff.deliveries[name]?[event.position] != nil
        }
        for event in chosen {
            let known = self.handOff.deliveries[name]?[event.position]
            self.handOff.deliveries[name, default: [:]][event.position] = Delivery(
                position: event.position,
                device: event.event.device,
                state: .waiting,
                attempts: 0,
                since: act.time,
                nextTry: act.time,
                lastError: known?.lastError,
                isReplay: known?.state == .waiting ? known?.isReplay ?? true : true
            )
        }
        let facts = [Fact("destination", name), Fact("events", String(chosen.count))]
        try self.record(act, device: nil, facts: facts)
        return chosen.count
    }
}

extension DestinationStanding {
    func with(_ change: DeliveryReport.Change, cursor: Int64) -> DestinationStanding {
        DestinationStanding(
            name: self.name,
            state: change.state ?? self.state,
            cursor: cursor,
            failingSince: change.failingSince,
            pausedUntil: change.pausedUntil,
            lastError: change.lastError,
            lastDelivered: change.lastDelivered ?? self.lastDelivered
        )
    }
}
