package import EnrollmentCore
package import OpenSSLKit
internal import X509Kit

/// Asks a root that is not at hand for what only it can sign, and takes in what comes back.
///
/// The order of issuing holds: what is to be signed is recorded before its file leaves, and is compared octet for octet
/// when it returns.
package struct CeremonyService: Sendable {
    /// What a new issuing authority is to be.
    package struct Order: Sendable {
        package var id: String
        /// As its name says it; `nil` for what the root's name says.
        package var organization: String?
        package var key: KeyType
        package var profile: CertificateProfile
        /// Days that the root's CRLs in the same ceremony are valid.
        package var listDays: Int
        /// What else the request is to carry, and is read again when it comes back.
        package var notes: [CeremonyRequest.Note] = []

        package init(id: String, organization: String?, key: KeyType, profile: CertificateProfile, listDays: Int) {
            self.id = id
            self.organization = organization
            self.key = key
            self.profile = profile
            self.listDays = listDays
        }
    }

    /// A ceremony that was recorded, and the file for it.
    package struct Asked: Sendable {
        package let request: CeremonyRequest
        package let file: String
    }

    package typealias Store = AuthorityLedger & CeremonyLedger & RevocationLedger & RotationLedger

    let ledger: any Store
    let vault: Vault
    let clock: any WallClock
    let random: any RandomSource
    let addresses: AuthorityAddresses
    let node: UInt8

    package init(
        ledger: any Store,
        vault: Vault,
        clock: any WallClock,
        random: any RandomSource,
        addresses: AuthorityAddresses,
        node: UInt8
    ) {
        self.ledger = ledger
        self.vault = vault
        self.clock = clock
        self.random = random
        self.addresses = addresses
        self.node = node
    }

    var maker: CertificateMaker {
        CertificateMaker(
            ledger: self.ledger,
            vault: self.vault,
            clock: self.clock,
            random: self.random,
            node: self.node
        )
    }

    // MARK: Asking

    /// Makes a key, records what its certificate is to be, and asks the active root to sign it, with fresh CRLs.
    ///
    /// - Parameters:
    ///   - order: The new issuer.
    ///   - kind: `founding` or `issuing`.
    ///   - keys: Opens the key of the active issuer, which vouches.
    ///   - act: Who, why.
    /// - Returns: The request, which is recorded, and its file.
    /// - Throws: ``EnrollmentError`` with code `authorization` when there is no root to ask, the id is taken, or another
    ///   ceremony for it is open.
    package func askForIssuer(
        _ order: Order,
        as kind: CeremonyRecord.Kind,
        keys: any IssuerKeySource,
        act: AdministrativeAct
    ) async throws(EnrollmentError) -> Asked {
        let issuers = try await self.ledger.issuers()
        let root = try Self.root(in: issuers)
        try Self.requireOffline(root)
        guard !issuers.contains(where: { $0.id == order.id }) else {
            throw EnrollmentError(.authorization, "There is an issuer \(order.id) already.", rule: "rotation.id")
        }
        try await self.refuseSecond(kind, order.id)
        let key = try library("ceremony.key") { () throws(OpenSSLError) in try SigningKey.generate(order.key) }
        let party = try Self.party(of: root)
        let organization: String
        if let given = order.organization {
            organization = given
        } else {
            organization = try AuthorityName.organization(of: root)
        }
        let authorities = AuthorityMaker(
            maker: self.maker,
            organization: organization,
            addresses: self.addresses
        )
        let wish = authorities.issuingOrder(
            order.id,
            key: HeldKey(key),
            profile: order.profile,
            answersOCSP: false
        )
        let (prepared, _) = try await self.maker.record(wish, by: party)
        var request = try self.request(kind, order.id, root, act, order.notes)
        request.items = [CeremonyItem(.certificate, toBeSigned: prepared.toBeSigned)]
        request.items += try await self.lists(
            of: root,
            for: party,
            naming: prepared.draft.crlShard,
            days: order.listDays
        )
        try await request.prove(by: HeldKey(key))
        try await self.attest(&request, issuers, keys)
        return try await self.open(request, key: .sealed(try self.vault.seal(key, of: order.id)), act)
    }

    /// Asks a root that is not at hand for its CRLs of now.
    package func askForLists(
        of rootID: String,
        days: Int,
        keys: any IssuerKeySource,
        act: AdministrativeAct
    ) async throws(EnrollmentError) -> Asked {
        let issuers = try await self.ledger.issuers()
        guard let root = issuers.first(where: { $0.id == rootID && $0.role == .root }) else {
            throw EnrollmentError(.authorization, "There is no root \(rootID).", rule: "ceremony.root")
        }
        try Self.requireOffline(root)
        try await self.refuseSecond(.crl, rootID)
        let party = try Self.party(of: root)
        var request = try self.request(.crl, rootID, root, act, [])
        request.items = try await self.lists(of: root, for: party, naming: nil, days: days)
        guard !request.items.isEmpty else {
            throw EnrollmentError(
                .authorization,
                "No certificate names a CRL of \(rootID), so there is none to make.",
                rule: "ceremony.items"
            )
        }
        try await self.attest(&request, issuers, keys)
        return try await self.open(request, key: .destroyed, act)
    }

    func request(
        _ kind: CeremonyRecord.Kind,
        _ issuerID: String,
        _ root: IssuerRecord,
        _ act: AdministrativeAct,
        _ notes: [CeremonyRequest.Note]
    ) throws(EnrollmentError) -> CeremonyRequest {
        let digits = Hexadecimal.encode(try self.random.octets(8)).uppercased()
        return CeremonyRequest(
            id:
                "\(digits.prefix(4))-\(digits.dropFirst(4).prefix(4))-\(digits.dropFirst(8).prefix(4))-\(digits.suffix(4))",
            kind: kind,
            issuerID: issuerID,
            rootID: root.id,
            root: root.certificate,
            created: Timestamp(seconds: self.clock.now.seconds),
            actor: act.actor,
            reason: act.reason,
            notes: notes,
            items: []
        )
    }

    func open(
        _ request: CeremonyRequest,
        key: KeyLocation,
        _ act: AdministrativeAct
    ) async throws(EnrollmentError) -> Asked {
        let file = try CeremonyFile.encode(request)
        let record = CeremonyRecord(
            id: request.id,
            kind: request.kind,
            issuerID: request.issuerID,
            request: request.octets,
            key: key,
            created: request.created
        )
        try await self.ledger.openCeremony(record, act: act)
        return Asked(request: request, file: file)
    }

    /// Before anything is recorded: the ledger refuses it too, and an intent that leads nowhere would stay.
    func refuseSecond(_ kind: CeremonyRecord.Kind, _ issuerID: String) async throws(EnrollmentError) {
        let other = try await self.ledger.ceremonies().first {
            $0.state == .open && $0.kind == kind && $0.issuerID == issuerID
        }
        if let other { throw EnrollmentError.ceremonyOpen(other) }
    }

    /// The active issuer's signature, where it is below the same root and its key is at hand.
    func attest(
        _ request: inout CeremonyRequest,
        _ issuers: [IssuerRecord],
        _ keys: any IssuerKeySource
    ) async throws(EnrollmentError) {
        let active = issuers.last { issuer in
            issuer.role == .issuing && issuer.state == .active && issuer.signedBy == request.rootID
                && keys.isAtHand(issuer)
        }
        guard let active else { return }
        try await request.attest(by: try keys.key(of: active), certificate: active.certificate)
    }

    func record(_ id: String) async throws(EnrollmentError) -> CeremonyRecord {
        guard let record = try await self.ledger.ceremonies().first(where: { $0.id == id }) else {
            throw EnrollmentError(
                .authorization,
                "This store never asked for ceremony \(id).",
                rule: "ceremony.unknown"
            )
        }
        return record
    }

    private static func root(in issuers: [IssuerRecord]) throws(EnrollmentError) -> IssuerRecord {
        guard let root = issuers.last(where: { $0.role == .root && $0.state == .active }) else {
            throw EnrollmentError(.authorization, "There is no active root to ask.", rule: "ceremony.root")
        }
        return root
    }

    /// Nobody could answer for a root whose key is in this store.
    static func requireOffline(_ root: IssuerRecord) throws(EnrollmentError) {
        guard root.key != .offline else { return }
        throw EnrollmentError(
            .authorization,
            root.key.place == "split"
                ? "The key of \(root.id) is split, and signs here when its shares are brought: --share-file."
                : "The key of \(root.id) is \(root.key.place) and signs here; no ceremony is needed.",
            rule: "ceremony.at-hand",
            facts: [Fact("root", root.id), Fact("place", root.key.place)]
        )
    }

    static func party(of root: IssuerRecord) throws(EnrollmentError) -> SigningParty {
        let key = try AbsentKey(of: root.id, certificate: root.certificate)
        return try SigningParty(id: root.id, key: key, certificate: root.certificate)
    }
}
