internal import SQLText

extension StoreInvariant {
    /// What holds between the rows of a ledger, whichever store it is in.
    static let all: [StoreInvariant] =
        Self.devices + Self.certificates + Self.revocations + Self.handOff + Self.others
        + Self.issuers

    static let restore = "stop the service and restore the last backup in which this holds; tell the makers"

    private static let devices: [StoreInvariant] = [
        StoreInvariant(
            "device.owner",
            "each device belongs to a user who is there",
            remedy: Self.restore,
            shows: [.device, .text("user")],
            """
            SELECT d.id, d.user_id FROM device d WHERE NOT EXISTS (SELECT 1 FROM "user" u WHERE u.id = d.user_id)
            """
        ),
        StoreInvariant(
            "device.live",
            "a device fills a slot exactly when its state says so",
            remedy: Self.restore,
            shows: [.device, .text("state"), .number("is_live")],
            """
            SELECT d.id, d.state, d.is_live FROM device d WHERE d.is_live <>
                CASE WHEN d.state IN ('reserved', 'issued', 'handed-off', 'active', 'held') THEN 1 ELSE 0 END
            """
        ),
        StoreInvariant(
            "device.certificate",
            "each live device but one that is only reserved has a certificate that was issued and neither replaced nor"
                + " ended",
            remedy: "gatehouse device show DEVICE; reset the device, which frees its slot and lets it enroll again",
            shows: [.device, .serial, .text("state")],
            """
            SELECT d.id, d.certificate_serial, c.state FROM device d
                LEFT JOIN certificate c ON c.serial = d.certificate_serial
            WHERE d.is_live = 1 AND d.state <> 'reserved' AND (c.serial IS NULL OR c.state <> 'issued')
            """
        ),
        StoreInvariant(
            "device.current",
            "the certificate a device is said to have was issued to this device",
            remedy: "gatehouse device show DEVICE; reset the device and revoke the certificate",
            shows: [.device, .serial],
            """
            SELECT d.id, d.certificate_serial FROM device d JOIN certificate c ON c.serial = d.certificate_serial
            WHERE c.device IS DISTINCT FROM d.id
            """
        ),
        StoreInvariant(
            "device.pending",
            "the reservation a device is said to have is an open intent of this device",
            remedy: "gatehouse device show DEVICE; reset the device if it does not come back by itself",
            shows: [.device, .serial, .text("state")],
            """
            SELECT d.id, d.pending_serial, c.state FROM device d LEFT JOIN certificate c ON c.serial = d.pending_serial
            WHERE d.pending_serial IS NOT NULL AND (c.serial IS NULL OR c.state <> 'intent' OR c.reason IS NOT NULL
                OR c.device IS DISTINCT FROM d.id)
            """
        ),
        StoreInvariant(
            "device.reserved",
            "a device that is only reserved has a reservation, which ends by itself",
            remedy: "gatehouse device reset DEVICE, which frees the slot",
            shows: [.device],
            "SELECT d.id FROM device d WHERE d.state = 'reserved' AND d.pending_serial IS NULL"
        ),
    ]

    private static let certificates: [StoreInvariant] = [
        StoreInvariant(
            "certificate.device",
            "each device certificate belongs to a device that is there",
            remedy: Self.restore,
            shows: [.serial, .device],
            """
            SELECT c.serial, c.device FROM certificate c
            WHERE c.device IS NOT NULL AND NOT EXISTS (SELECT 1 FROM device d WHERE d.id = c.device)
            """
        ),
        StoreInvariant(
            "certificate.intent",
            "each certificate has the octets that were recorded before it was signed, and their digest",
            remedy: Self.restore,
            shows: [.serial, .text("state")],
            """
            SELECT c.serial, c.state FROM certificate c WHERE length(c.to_be_signed) = 0 OR length(c.digest) <> 32
            """
        ),
        StoreInvariant(
            "certificate.stored",
            "a certificate is stored exactly when it was issued",
            remedy: "gatehouse cert show SERIAL; revoke the certificate if it may be in use",
            shows: [.serial, .text("state")],
            """
            SELECT c.serial, c.state FROM certificate c WHERE c.state IN ('issued', 'superseded')
                    AND (c.der IS NULL OR c.thumbprint IS NULL OR c.windows_thumbprint IS NULL)
                OR c.state IN ('intent', 'closed') AND c.der IS NOT NULL
            """
        ),
        StoreInvariant(
            "certificate.revocation",
            "each superseded or revoked certificate has its revocation",
            remedy: "gatehouse cert revoke --serial SERIAL --reason …, and publish the CRL",
            shows: [.serial, .text("state")],
            """
            SELECT c.serial, c.state FROM certificate c WHERE c.state IN ('superseded', 'revoked') AND NOT EXISTS (
                SELECT 1 FROM revocation r WHERE r.issuer_id = c.issuer_id AND r.shard = coalesce(c.crl_shard, 0)
                    AND r.serial = c.serial)
            """
        ),
        StoreInvariant(
            "certificate.standing",
            "a certificate that counts as issued is not revoked but on hold at most",
            remedy: "gatehouse cert show SERIAL; it is revoked to everybody who asks, so reset its device",
            shows: [.serial, .number("reason")],
            """
            SELECT c.serial, r.reason FROM certificate c JOIN revocation r
                ON r.issuer_id = c.issuer_id AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial
            WHERE c.state = 'issued' AND r.reason <> 6
            """
        ),
        StoreInvariant(
            "certificate.proof",
            "a certificate is there or only its proof is, never both",
            remedy: Self.restore,
            shows: [.serial],
            "SELECT p.serial FROM certificate_proof p JOIN certificate c ON c.serial = p.serial"
        ),
    ]

    private static let revocations: [StoreInvariant] = [
        StoreInvariant(
            "revocation.certificate",
            "each revocation is of a certificate that is there, by its issuer, on its CRL",
            remedy: Self.restore,
            shows: [.text("issuer"), .number("shard"), .serial],
            """
            SELECT r.issuer_id, r.shard, r.serial FROM revocation r WHERE NOT EXISTS (
                SELECT 1 FROM certificate c WHERE c.serial = r.serial AND c.issuer_id = r.issuer_id
                    AND coalesce(c.crl_shard, 0) = r.shard)
            """
        ),
        StoreInvariant(
            "revocation.shard",
            "each revocation is on a CRL that is known and published by itself",
            remedy: "restart the service, which announces its CRLs; else restore a backup",
            shows: [.text("issuer"), .number("shard"), .serial],
            """
            SELECT r.issuer_id, r.shard, r.serial FROM revocation r WHERE NOT EXISTS (
                SELECT 1 FROM crl_shard s WHERE s.issuer_id = r.issuer_id AND s.shard = r.shard)
            """
        ),
        StoreInvariant(
            "crl.published",
            "the CRL that a shard is said to have published is there, complete, and shows what the shard says",
            remedy: "gatehouse crl publish, which makes the next one",
            shows: [.text("issuer"), .number("shard"), .number("number")],
            """
            SELECT s.issuer_id, s.shard, s.published FROM crl_shard s LEFT JOIN crl c
                ON c.issuer_id = s.issuer_id AND c.shard = s.shard AND c.number = s.published
            WHERE s.published IS NOT NULL AND (c.number IS NULL OR c.der IS NULL OR length(c.der) <> c.octets
                OR s.published > s.last_number OR s.through <> c.through)
            """
        ),
        StoreInvariant(
            "crl.number",
            "no CRL has a number that its shard has not given",
            remedy: Self.restore,
            shows: [.text("issuer"), .number("shard"), .number("number")],
            """
            SELECT c.issuer_id, c.shard, c.number FROM crl c LEFT JOIN crl_shard s
                ON s.issuer_id = c.issuer_id AND s.shard = c.shard
            WHERE s.issuer_id IS NULL OR c.number > s.last_number
            """
        ),
    ]

    private static let handOff: [StoreInvariant] = [
        StoreInvariant(
            "outbox.device",
            "each hand-off event about a device is about one that is there",
            remedy: Self.restore,
            shows: [.number("event"), .device],
            """
            SELECT o.ordinal, o.device FROM outbox o
            WHERE o.device IS NOT NULL AND NOT EXISTS (SELECT 1 FROM device d WHERE d.id = o.device)
            """
        ),
        StoreInvariant(
            "outbox.subject",
            "a hand-off event is about a device unless its kind is about none",
            remedy: Self.restore,
            shows: [.number("event"), .text("kind"), .device],
            """
            SELECT o.ordinal, o.kind, o.device FROM outbox o
            WHERE (o.device IS NULL)
                <> (o.kind IN ('limit-refused', 'trust-published', 'trust-activated', 'trust-retired'))
            """
        ),
        StoreInvariant(
            "outbox.generation",
            "no hand-off event has a generation that its device has not reached",
            remedy: Self.restore,
            shows: [.number("event"), .device, .number("generation")],
            """
            SELECT o.ordinal, o.device, o.generation FROM outbox o JOIN device d ON d.id = o.device
            WHERE o.generation > d.generation
            """
        ),
        StoreInvariant(
            "feed.order",
            "each device's events are in the feed in the order in which they came",
            remedy: "gatehouse device show DEVICE; whoever reads the feed goes by the events' generations",
            shows: [.device, .number("position"), .number("later position")],
            """
            SELECT o.device, o.position, n.position FROM outbox o JOIN outbox n
                ON n.device = o.device AND n.ordinal > o.ordinal
            WHERE n.position IS NOT NULL AND (o.position IS NULL OR o.position > n.position)
            """
        ),
        StoreInvariant(
            "feed.position",
            "no event has a position that the feed has not given",
            remedy: Self.restore,
            shows: [.number("event"), .number("position")],
            """
            SELECT o.ordinal, o.position FROM outbox o
            WHERE o.position < 1 OR o.position > coalesce((SELECT f.last_position FROM feed f), 0)
            """
        ),
        StoreInvariant(
            "destination.cursor",
            "no destination was told of more than there is",
            remedy: Self.restore,
            shows: [.text("destination"), .number("cursor")],
            """
            SELECT t.name, t.cursor FROM destination t
            WHERE t.cursor < 0 OR t.cursor > coalesce((SELECT f.last_position FROM feed f), 0)
            """
        ),
        StoreInvariant(
            "delivery.destination",
            "each delivery is to a destination that is there",
            remedy: Self.restore,
            shows: [.text("destination"), .number("position")],
            """
            SELECT v.destination, v.position FROM delivery v
            WHERE NOT EXISTS (SELECT 1 FROM destination t WHERE t.name = v.destination)
            """
        ),
        StoreInvariant(
            "delivery.event",
            "each delivery is of an event that is in the feed, and of the device that it is about",
            remedy: Self.restore,
            shows: [.text("destination"), .number("position")],
            """
            SELECT v.destination, v.position FROM delivery v LEFT JOIN outbox o ON o.position = v.position
            WHERE o.ordinal IS NULL OR o.device IS DISTINCT FROM v.device
            """
        ),
    ]

    private static let others: [StoreInvariant] = [
        StoreInvariant(
            "permit.device",
            "each permit is a device's that is there",
            remedy: Self.restore,
            shows: [.device, .text("kind")],
            """
            SELECT p.device, p.kind FROM permit p WHERE NOT EXISTS (SELECT 1 FROM device d WHERE d.id = p.device)
            """
        ),
        StoreInvariant(
            "service.certificate",
            "the newest certificate for each use of the service is recorded, issued and not revoked, but by an issuer"
                + " whose key was copied",
            remedy: "restart the service, which makes another one; else gatehouse doctor",
            shows: [.text("use"), .serial, .text("state")],
            """
            SELECT s."use", s.serial, c.state FROM service_certificate s LEFT JOIN certificate c ON c.serial = s.serial
            WHERE s.ordinal = (SELECT max(n.ordinal) FROM service_certificate n WHERE n."use" = s."use")
                AND (c.serial IS NULL OR c.state <> 'issued')
                AND NOT EXISTS (SELECT 1 FROM issuer i WHERE i.state = 'compromised' AND i.id = c.issuer_id)
            """
        ),
    ]
}
