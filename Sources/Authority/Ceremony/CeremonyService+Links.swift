package import EnrollmentCore
internal import X509Kit

extension CeremonyService {
    /// States in which a root may be certified by another, or certify one.
    static let linkable: Set<IssuerRecord.State> = [.prepared, .published, .active, .draining]
    static let newRootNote = "New root"

    /// A link certificate that is wanted between the active root and another one.
    package struct Link: Sendable {
        package enum Standing: Hashable, Sendable {
            case made
            /// Asked for by this ceremony, which is open.
            case asked(String)
            /// The root that has to sign it is offline.
            case missing
            /// The root that has to sign it is here, or its key is split: publication makes it.
            case comes
        }

        package let subject: IssuerRecord
        package let signer: IssuerRecord
        package let standing: Standing
    }

    /// Both links between the active root and `rootID`, and whether they are there.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `ceremony.root` when `rootID` is not a root beside
    ///   the active one.
    package static func links(
        to rootID: String,
        in ledger: any Store
    ) async throws(EnrollmentError) -> [Link] {
        let pairs = LinkSelection.pairs(for: rootID, among: try await ledger.issuers())
        guard !pairs.isEmpty else {
            throw EnrollmentError(
                .authorization,
                "\(rootID) is not a root beside the active one, so no link leads to it.",
                rule: "ceremony.root"
            )
        }
        let made = try await ledger.links()
        let open = try await ledger.ceremonies().filter { $0.state == .open && $0.kind == .root }
        return pairs.map { (subject, signer) in
            let standing: Link.Standing =
                if made.contains(where: { $0.subjectID == subject.id && $0.signedBy == signer.id }) {
                    .made
                } else if let ceremony = open.first(where: { $0.issuerID == subject.id }) {
                    .asked(ceremony.id)
                } else {
                    signer.key == .offline ? .missing : .comes
                }
            return Link(subject: subject, signer: signer, standing: standing)
        }
    }

    /// Asks an offline root to certify another root's key, with fresh CRLs.
    ///
    /// - Parameters:
    ///   - link: One that is missing.
    ///   - rootID: Which of the two is the new root.
    ///   - profile: Of roots.
    ///   - listDays: Days that the root's CRLs in the same ceremony are valid.
    ///   - keys: Opens the key of the active issuer, which vouches where the root that signs knows it.
    ///   - act: Who, why.
    /// - Returns: The request, which is recorded, and its file.
    /// - Throws: ``EnrollmentError`` with code `authorization` when the root that signs is not offline, one of the two is not
    ///   to be relied on, or another ceremony for the link is open.
    package func ask(
        for link: Link,
        to rootID: String,
        profile: CertificateProfile,
        listDays: Int,
        keys: any IssuerKeySource,
        act: AdministrativeAct
    ) async throws(EnrollmentError) -> Asked {
        let (subject, signer) = (link.subject, link.signer)
        try Self.requireOffline(signer)
        guard Self.linkable.contains(subject.state), Self.linkable.contains(signer.state) else {
            throw EnrollmentError(
                .authorization,
                "\(subject.id) is \(subject.state.rawValue) and \(signer.id) is \(signer.state.rawValue); a link between them"
                    + " would lead nowhere.",
                rule: "ceremony.root-state"
            )
        }
        try await self.refuseSecond(.root, subject.id)
        let party = try Self.party(of: signer)
        let authorities = AuthorityMaker(maker: self.maker, organization: "", addresses: self.addresses)
        let order = try authorities.linkOrder(to: subject, by: party, profile: profile, answersOCSP: false)
        let (prepared, _) = try await self.maker.record(order, by: party)
        let notes = [CeremonyRequest.Note(Self.newRootNote, rootID)]
        var request = try self.request(.root, subject.id, signer, act, notes)
        request.items = [CeremonyItem(.certificate, toBeSigned: prepared.toBeSigned)]
        request.items += try await self.lists(
            of: signer,
            for: party,
            naming: prepared.draft.crlShard,
            days: listDays
        )
        request.show(subject)
        try await self.attest(&request, try await self.ledger.issuers(), keys)
        return try await self.open(request, key: .destroyed, act)
    }

    /// Stores a link that came back; one that is there already stays.
    func takeLink(
        _ request: CeremonyRequest,
        _ certificate: IssuedCertificate,
        _ receipt: IntentReceipt
    ) async throws(EnrollmentError) {
        let present = try await self.ledger.links().contains {
            $0.subjectID == request.issuerID && $0.signedBy == request.rootID
        }
        guard !present else { return }
        let link = LinkCertificate(
            subjectID: request.issuerID,
            signedBy: request.rootID,
            serialNumber: certificate.serialNumber,
            certificate: certificate.der
        )
        try await self.ledger.confirmLink(link, certificate: certificate, receipt: receipt)
    }
}

extension CeremonyRequest {
    /// The root that is to be published once its links are there; `nil` in requests for anything else.
    package var newRoot: String? {
        self.kind == .root ? self.notes.first { $0.name == CeremonyService.newRootNote }?.value : nil
    }
}
