internal import SQLText

extension StoreTable {
    /// Every table but the schema's own versions, each after those that it refers to.
    ///
    /// A test compares this with both schemas: a migration that is forgotten here does not pass.
    static let all: [StoreTable] = [
        Self.user, Self.device, Self.certificate, Self.blockedKey, Self.attempt, Self.outbox, Self.issuer,
        Self.serviceCertificate, Self.sealing, Self.permit, Self.trust, Self.act, Self.revocation,
        Self.revocationChange, Self.crlShard, Self.crl, Self.lease, Self.certificateProof, Self.agreement,
        Self.feed, Self.destination, Self.delivery, Self.token, Self.linkCertificate, Self.ceremony, Self.compromise,
    ]

    /// Those with an `ordinal`.
    static let numbered = Self.all.filter { $0.numbering != .none }

    private static let user = StoreTable(
        "\"user\"",
        key: [.text("\"id\"")],
        [
            .text("\"principal_name\""), .text("\"principal_key\""), .optionalText("\"display_name\""),
            .octets("\"groups\""), .integer("\"last_seen\""), .optionalInteger("\"override_maximum\""),
            .optionalInteger("\"override_until\""), .optionalText("\"override_reason\""),
        ]
    )

    private static let device = StoreTable(
        "\"device\"",
        key: [.integer("\"ordinal\"")],
        [
            .octets("\"id\""), .text("\"user_id\""), .text("\"state\""), .integer("\"is_live\""), .text("\"name\""),
            .text("\"name_key\""), .text("\"enrollment_type\""), .optionalText("\"hardware_id\""),
            .text("\"claimed_device_id\""), .text("\"claimed_key\""), .optionalText("\"os_version\""),
            .optionalText("\"model\""), .integer("\"is_shared\""), .integer("\"generation\""),
            .integer("\"first_enrolled\""), .integer("\"last_proven_contact\""), .optionalOctets("\"pending_serial\""),
            .optionalOctets("\"certificate_serial\""), .optionalInteger("\"certificate_ends\""),
            .optionalOctets("\"conflicts\""), .optionalText("\"held_from\""), .integer("\"needs_permit\""),
            .text("\"provider\""), .text("\"ownership\""), .text("\"ownership_rule\""),
            .optionalInteger("\"issued\""), .integer("\"silence_told\""), .text("\"trusted\""),
        ],
        numbering: .aboveHighest
    )

    private static let certificate = StoreTable(
        "\"certificate\"",
        key: [.integer("\"ordinal\"")],
        [
            .octets("\"serial\""), .text("\"issuer_id\""), .text("\"state\""), .text("\"profile\""),
            .optionalOctets("\"device\""), .optionalText("\"trace_id\""), .text("\"subject\""),
            .integer("\"not_before\""), .integer("\"not_after\""), .integer("\"recorded\""),
            .optionalText("\"reason\""),
            .optionalInteger("\"supersede_after\""), .optionalInteger("\"previous_contact\""), .octets("\"digest\""),
            .octets("\"key_digest\""), .optionalOctets("\"thumbprint\""), .optionalOctets("\"windows_thumbprint\""),
            .octets("\"to_be_signed\""), .optionalOctets("\"der\""), .octets("\"evidence\""),
            .optionalInteger("\"crl_shard\""), .text("\"key_protection\""), .optionalOctets("\"predecessor\""),
            .optionalInteger("\"seen\""), .optionalOctets("\"delivered\""),
        ],
        numbering: .aboveHighest
    )

    private static let blockedKey = StoreTable(
        "\"blocked_key\"",
        key: [.octets("\"key_digest\"")],
        [.text("\"reason\""), .integer("\"recorded\"")]
    )

    private static let attempt = StoreTable(
        "\"attempt\"",
        key: [.integer("\"ordinal\"")],
        [
            .text("\"trace_id\""), .text("\"operation\""), .text("\"outcome\""), .integer("\"started\""),
            .integer("\"microseconds\""), .text("\"source_address\""), .optionalText("\"claimed_name\""),
            .optionalText("\"claimed_key\""), .optionalText("\"user_id\""), .optionalText("\"claimed_device_id\""),
            .optionalText("\"hardware_id\""), .optionalText("\"device_name\""), .optionalText("\"os_version\""),
            .optionalOctets("\"device\""), .optionalOctets("\"serial\""), .optionalOctets("\"steps\""),
            .optionalText("\"code\""), .optionalText("\"rule\""), .optionalText("\"detail\""),
            .optionalOctets("\"facts\""), .optionalOctets("\"counted\""),
        ],
        numbering: .aboveHighest
    )

    /// Whoever pulls events remembers how far it was.
    private static let outbox = StoreTable(
        "\"outbox\"",
        key: [.integer("\"ordinal\"")],
        [
            .octets("\"event\""), .text("\"kind\""), .optionalOctets("\"device\""), .integer("\"generation\""),
            .optionalOctets("\"serial\""), .optionalOctets("\"predecessor\""), .optionalText("\"trace_id\""),
            .integer("\"recorded\""), .optionalOctets("\"sealed_account\""), .optionalText("\"subject\""),
            .optionalOctets("\"details\""), .optionalText("\"provider\""), .optionalInteger("\"position\""),
        ],
        numbering: .forGood
    )

    private static let issuer = StoreTable(
        "\"issuer\"",
        key: [.integer("\"ordinal\"")],
        [
            .text("\"id\""), .text("\"role\""), .text("\"state\""), .text("\"signed_by\""), .octets("\"serial\""),
            .octets("\"certificate\""), .octets("\"sealed_key\""), .integer("\"created\""),
            .text("\"key_place\""), .optionalInteger("\"published\""), .optionalInteger("\"activated\""),
            .optionalInteger("\"deposed\""), .optionalInteger("\"hurried\""), .optionalInteger("\"ended\""),
        ],
        numbering: .aboveHighest
    )

    private static let serviceCertificate = StoreTable(
        "\"service_certificate\"",
        key: [.integer("\"ordinal\"")],
        [
            .text("\"use\""), .octets("\"serial\""), .octets("\"chain\""), .octets("\"sealed_key\""),
            .integer("\"not_after\""),
        ],
        numbering: .aboveHighest
    )

    private static let sealing = StoreTable("\"sealing\"", key: [.integer("\"only\"")], [.octets("\"parameters\"")])

    private static let permit = StoreTable(
        "\"permit\"",
        key: [.integer("\"ordinal\"")],
        [
            .octets("\"device\""), .text("\"kind\""), .integer("\"until\""), .text("\"trace_id\""),
            .optionalOctets("\"used_serial\""),
        ],
        numbering: .aboveHighest
    )

    private static let trust = StoreTable(
        "\"trust\"",
        key: [.octets("\"device\""), .text("\"issuer_id\"")],
        [.integer("\"confirmed\"")]
    )

    private static let act = StoreTable(
        "\"act\"",
        key: [.integer("\"ordinal\"")],
        [
            .text("\"trace_id\""), .text("\"verb\""), .text("\"actor\""), .text("\"reason\""),
            .optionalText("\"ticket\""), .integer("\"recorded\""), .optionalOctets("\"device\""), .octets("\"facts\""),
        ],
        numbering: .aboveHighest
    )

    private static let revocation = StoreTable(
        "\"revocation\"",
        key: [.text("\"issuer_id\""), .integer("\"shard\""), .octets("\"serial\"")],
        [.integer("\"reason\""), .integer("\"revoked\""), .integer("\"not_after\"")]
    )

    /// Each shard remembers up to which of these its CRL goes.
    private static let revocationChange = StoreTable(
        "\"revocation_change\"",
        key: [.integer("\"ordinal\"")],
        [.text("\"issuer_id\""), .integer("\"shard\""), .octets("\"serial\""), .integer("\"recorded\"")],
        numbering: .forGood
    )

    private static let crlShard = StoreTable(
        "\"crl_shard\"",
        key: [.text("\"issuer_id\""), .integer("\"shard\"")],
        [.integer("\"last_number\""), .optionalInteger("\"published\""), .integer("\"through\"")]
    )

    /// One may have megabytes.
    private static let crl = StoreTable(
        "\"crl\"",
        key: [.integer("\"ordinal\"")],
        [
            .text("\"issuer_id\""), .integer("\"shard\""), .integer("\"number\""), .integer("\"through\""),
            .integer("\"recorded\""), .octets("\"to_be_signed_digest\""), .optionalInteger("\"this_update\""),
            .optionalInteger("\"next_update\""), .optionalInteger("\"entries\""), .optionalInteger("\"octets\""),
            .optionalOctets("\"thumbprint\""), .optionalOctets("\"der\""),
        ],
        numbering: .aboveHighest,
        batch: 4
    )

    private static let lease = StoreTable(
        "\"lease\"",
        key: [.text("\"name\"")],
        [.text("\"holder\""), .integer("\"until\"")]
    )

    private static let certificateProof = StoreTable(
        "\"certificate_proof\"",
        key: [.octets("\"serial\"")],
        [
            .text("\"issuer_id\""), .octets("\"digest\""), .integer("\"not_after\""), .optionalInteger("\"reason\""),
            .optionalInteger("\"revoked\""), .integer("\"pruned\""),
        ]
    )

    private static let agreement = StoreTable(
        "\"agreement\"",
        key: [.text("\"name\"")],
        [.text("\"value\""), .integer("\"changed\"")]
    )

    /// The last position that was given, since none is given twice, and the last whose event was removed.
    private static let feed = StoreTable(
        "\"feed\"",
        key: [.integer("\"only\"")],
        [.integer("\"last_position\""), .integer("\"pruned\"")]
    )

    private static let destination = StoreTable(
        "\"destination\"",
        key: [.text("\"name\"")],
        [
            .text("\"state\""), .integer("\"cursor\""), .optionalInteger("\"failing_since\""),
            .optionalInteger("\"paused_until\""), .optionalText("\"last_error\""),
            .optionalInteger("\"last_delivered\""),
        ]
    )

    private static let delivery = StoreTable(
        "\"delivery\"",
        key: [.text("\"destination\""), .integer("\"position\"")],
        [
            .optionalOctets("\"device\""), .text("\"state\""), .integer("\"attempts\""), .integer("\"since\""),
            .integer("\"next_try\""), .optionalText("\"last_error\""), .integer("\"is_replay\""),
        ]
    )

    private static let token = StoreTable(
        "\"api_token\"",
        key: [.integer("\"ordinal\"")],
        [
            .text("\"id\""), .octets("\"digest\""), .text("\"name\""), .text("\"owner\""), .octets("\"scopes\""),
            .integer("\"created\""), .integer("\"expires\""), .optionalInteger("\"last_used\""),
            .optionalInteger("\"revoked\""),
        ],
        numbering: .aboveHighest
    )

    private static let linkCertificate = StoreTable(
        "\"link_certificate\"",
        key: [.text("\"subject_id\""), .text("\"signed_by\"")],
        [.octets("\"serial\""), .octets("\"certificate\""), .integer("\"recorded\"")]
    )

    private static let ceremony = StoreTable(
        "\"ceremony\"",
        key: [.text("\"id\"")],
        [
            .text("\"kind\""), .text("\"state\""), .text("\"issuer_id\""), .octets("\"request\""),
            .text("\"key_place\""), .octets("\"sealed_key\""), .integer("\"created\""),
            .optionalInteger("\"ended\""),
        ]
    )

    private static let compromise = StoreTable(
        "\"compromise\"",
        key: [.text("\"issuer_id\"")],
        [
            .optionalText("\"successor\""), .text("\"trace_id\""), .integer("\"started\""),
            .integer("\"total\""), .integer("\"per_minute\""), .optionalInteger("\"finished\""),
        ]
    )
}
