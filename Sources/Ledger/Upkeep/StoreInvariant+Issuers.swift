internal import SQLText

extension StoreInvariant {
    /// What holds between the authority's own rows.
    static let issuers: [StoreInvariant] = [
        StoreInvariant(
            "issuer.certificate",
            "each issuer's certificate is recorded, and its own issuer is there",
            remedy: Self.restore,
            shows: [.text("issuer"), .serial],
            """
            SELECT i.id, i.serial FROM issuer i LEFT JOIN certificate c ON c.serial = i.serial
            WHERE c.der IS NULL OR c.der <> i.certificate
                OR NOT EXISTS (SELECT 1 FROM issuer s WHERE s.id = i.signed_by)
            """
        ),
        StoreInvariant(
            "issuer.key",
            "each issuer's key is where its record says, and nothing is left of a key that was destroyed",
            remedy: Self.restore,
            shows: [.text("issuer"), .text("key")],
            """
            SELECT i.id, i.key_place FROM issuer i
            WHERE (i.key_place IN ('sealed', 'split', 'token')) <> (length(i.sealed_key) > 0)
                OR i.key_place = 'sealed' AND NOT EXISTS (SELECT 1 FROM sealing)
                OR i.key_place = 'destroyed' AND i.state NOT IN ('retired', 'aborted', 'compromised')
            """
        ),
        StoreInvariant(
            "issuer.active",
            "of each role one issuer is active from the first that was, unless the last one was stopped with nobody in its"
                + " place",
            remedy: Self.restore,
            shows: [.text("role"), .number("active")],
            """
            SELECT r.role, r.active FROM (
                SELECT i.role, sum(CASE WHEN i.state = 'active' THEN 1 ELSE 0 END) AS active,
                    sum(CASE WHEN i.state IN ('draining', 'crl-only', 'retired') THEN 1 ELSE 0 END) AS former,
                    max(i.deposed) AS deposed
                FROM issuer i GROUP BY i.role) AS r
            WHERE r.active > 1 OR r.active = 0 AND r.former > 0 AND NOT EXISTS (
                SELECT 1 FROM issuer f WHERE f.role = r.role AND f.state = 'compromised' AND f.deposed = f.ended
                    AND f.deposed = r.deposed)
            """
        ),
        StoreInvariant(
            "issuer.next",
            "of each role one issuer at most is prepared or published",
            remedy: "gatehouse ca status; take back the one that is not wanted with gatehouse ca abort",
            shows: [.text("role"), .number("on their way")],
            """
            SELECT i.role, count(*) FROM issuer i WHERE i.state IN ('prepared', 'published')
            GROUP BY i.role HAVING count(*) > 1
            """
        ),
        StoreInvariant(
            "issuer.moments",
            "the steps that an issuer's record says it took fit its state",
            remedy: Self.restore,
            shows: [.text("issuer"), .text("state")],
            """
            SELECT i.id, i.state FROM issuer i
            WHERE (i.ended IS NOT NULL) <> (i.state IN ('retired', 'aborted', 'compromised'))
                OR i.state = 'prepared' AND i.published IS NOT NULL
                OR i.state = 'published' AND i.published IS NULL
                OR i.state IN ('prepared', 'published', 'aborted') AND i.activated IS NOT NULL
                OR i.state IN ('prepared', 'published', 'active', 'aborted') AND i.deposed IS NOT NULL
                OR i.state IN ('draining', 'crl-only', 'retired') AND i.deposed IS NULL
                OR i.hurried IS NOT NULL AND i.deposed IS NULL
            """
        ),
        StoreInvariant(
            "link.issuers",
            "each link certificate is recorded, and leads from one root that is there to another",
            remedy: Self.restore,
            shows: [.text("subject"), .text("signer"), .serial],
            """
            SELECT l.subject_id, l.signed_by, l.serial FROM link_certificate l
                LEFT JOIN certificate c ON c.serial = l.serial
            WHERE c.der IS NULL OR c.der <> l.certificate OR l.subject_id = l.signed_by
                OR NOT EXISTS (SELECT 1 FROM issuer i WHERE i.id = l.subject_id AND i.role = 'root')
                OR NOT EXISTS (SELECT 1 FROM issuer i WHERE i.id = l.signed_by AND i.role = 'root')
            """
        ),
        StoreInvariant(
            "compromise.issuer",
            "what is noted of a compromise is of an issuer that was declared compromised",
            remedy: Self.restore,
            shows: [.text("issuer"), .text("state")],
            """
            SELECT m.issuer_id, i.state FROM compromise m LEFT JOIN issuer i ON i.id = m.issuer_id
            WHERE i.state IS DISTINCT FROM 'compromised'
            """
        ),
        StoreInvariant(
            "trust.device",
            "each known trust is a device's that is there",
            remedy: Self.restore,
            shows: [.device, .text("issuer")],
            """
            SELECT t.device, t.issuer_id FROM trust t WHERE NOT EXISTS (SELECT 1 FROM device d WHERE d.id = t.device)
            """
        ),
        StoreInvariant(
            "trust.form",
            "the authorities that a device is known to have are one blank apart, so that those who know the same are"
                + " counted together",
            remedy: Self.restore,
            shows: [.device, .text("authorities")],
            """
            SELECT d.id, d.trusted FROM device d
            WHERE d.trusted LIKE ' %' OR d.trusted LIKE '% ' OR d.trusted LIKE '%' || ' ' || ' ' || '%'
            """
        ),
    ]
}
