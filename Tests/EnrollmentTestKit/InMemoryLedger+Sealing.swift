public import EnrollmentCore
internal import Synchronization

extension InMemoryLedger: SealingLedger {
    public func sealedKeys() async throws(EnrollmentError) -> SealedKeys {
        self.state.withLock { $0.sealedKeys }
    }

    public func reseal(_ change: Resealing, act: AdministrativeAct) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            try state.reseal(change)
            state.acts.append(ActRecord(act: act, device: nil, facts: change.facts))
        }
    }
}

extension InMemoryLedger: CeremonyLedger {
    public func openCeremony(_ ceremony: CeremonyRecord, act: AdministrativeAct) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            let other = state.ceremonies.first {
                $0.state == .open && $0.kind == ceremony.kind && $0.issuerID == ceremony.issuerID
            }
            if let other { throw EnrollmentError.ceremonyOpen(other) }
            state.ceremonies.append(ceremony)
            let facts = [
                Fact("ceremony", ceremony.id), Fact("kind", ceremony.kind.rawValue), Fact("issuer", ceremony.issuerID),
            ]
            state.acts.append(ActRecord(act: act, device: nil, facts: facts))
        }
    }

    public func ceremonies() async throws(EnrollmentError) -> [CeremonyRecord] {
        self.state.withLock { $0.ceremonies }
    }

    public func closeCeremony(
        _ id: String,
        as outcome: CeremonyRecord.State,
        act: AdministrativeAct
    ) async throws(EnrollmentError) -> Bool {
        try self.transaction { (state) throws(EnrollmentError) in
            guard let index = state.ceremonies.firstIndex(where: { $0.id == id }) else {
                throw Self.refusal("ceremony.unknown")
            }
            guard state.ceremonies[index].state == .open else { return false }
            state.ceremonies[index] = state.ceremonies[index].with(state: outcome, key: .destroyed, ended: act.time)
            let facts = [Fact("ceremony", id), Fact("state", outcome.rawValue)]
            state.acts.append(ActRecord(act: act, device: nil, facts: facts))
            return true
        }
    }
}

extension InMemoryLedger.State {
    fileprivate var sealedKeys: SealedKeys {
        let newest = self.services.indices.filter { index in
            !self.services[(index + 1)...].contains { $0.use == self.services[index].use }
        }
        return SealedKeys(
            parameters: self.sealing,
            issuers: self.issuers,
            services: newest.map { index in
                let service = self.services[index]
                return .init(serialNumber: service.serialNumber, use: service.use, sealedKey: service.sealedKey)
            },
            ceremonies: self.ceremonies.filter { $0.state == .open }
        )
    }

    fileprivate mutating func reseal(_ change: Resealing) throws(EnrollmentError) {
        let keys = self.sealedKeys
        if let step = change.parameters {
            let issuers = keys.issuers.filter { $0.key.place == "sealed" }
            let ceremonies = keys.ceremonies.filter { $0.key.place == "sealed" }
            guard self.sealing == step.former, issuers.allSatisfy({ change.issuers[$0.id] != nil }),
                keys.services.allSatisfy({ change.services[$0.serialNumber] != nil }),
                ceremonies.allSatisfy({ change.ceremonies[$0.id] != nil })
            else { throw InMemoryLedger.refusal("sealing.changed") }
            self.sealing = step.next
        }
        for (id, step) in change.issuers {
            guard let index = self.issuers.firstIndex(where: { $0.id == id && $0.key == step.former }) else {
                throw InMemoryLedger.refusal("sealing.changed")
            }
            self.issuers[index] = self.issuers[index].with(key: step.next)
        }
        for (serial, step) in change.services {
            guard
                let index = self.services.firstIndex(where: {
                    $0.serialNumber == serial && $0.sealedKey == step.former
                })
            else { throw InMemoryLedger.refusal("sealing.changed") }
            let service = self.services[index]
            self.services[index] = ServiceCertificateRecord(
                use: service.use,
                serialNumber: serial,
                chain: service.chain,
                sealedKey: step.next,
                notAfter: service.notAfter
            )
        }
        for (id, step) in change.ceremonies {
            guard let index = self.ceremonies.firstIndex(where: { $0.id == id && $0.key == step.former }) else {
                throw InMemoryLedger.refusal("sealing.changed")
            }
            self.ceremonies[index] = self.ceremonies[index].with(state: .open, key: step.next, ended: nil)
        }
    }
}

extension IssuerRecord {
    fileprivate func with(key: KeyLocation) -> IssuerRecord {
        IssuerRecord(
            id: self.id,
            role: self.role,
            state: self.state,
            signedBy: self.signedBy,
            certificate: self.certificate,
            key: key,
            created: self.created,
            moments: self.moments
        )
    }
}

extension CeremonyRecord {
    fileprivate func with(state: State, key: KeyLocation, ended: Timestamp?) -> CeremonyRecord {
        CeremonyRecord(
            id: self.id,
            kind: self.kind,
            state: state,
            issuerID: self.issuerID,
            request: self.request,
            key: key,
            created: self.created,
            ended: ended
        )
    }
}
