-- Fills a fresh database of the service as years of use would, in the server and without its indexes.
--
--   psql -v n=1000000 -v full=true -v issuer=2026-A -f Fill.sql
--
-- n certificates of n * 4/5 devices of n * 8/25 people: four devices in five have one certificate, the fifth renewed and
-- has a superseded one, too; one device in fifty was reset. An attempt and a hand-off event for each certificate, a
-- revocation for each that was replaced or reset. Ids, serial numbers, keys and digests are hashes of their number, so
-- that whoever knows the number knows them: 't' || n is what the thumbprint of the n-th certificate is the SHA-256 of.
-- With full=false the octets that nothing searches (certificate, request, evidence, account) are 32 each.
\set devices ':n * 4 / 5'
\set people 'greatest(1, :n * 8 / 25)'
SET synchronous_commit = off;
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET max_parallel_workers_per_gather = 0;
SET max_parallel_maintenance_workers = 0;
SET client_min_messages = warning;

-- Keys and indexes are made after the rows; what they are is the schema's business.
CREATE SCHEMA fill;
CREATE FUNCTION fill.filled() RETURNS regclass[] LANGUAGE sql AS $$
    SELECT ARRAY['"user"', 'device', 'certificate', 'attempt', 'outbox', 'revocation',
        'revocation_change']::regclass[]
$$;
CREATE TABLE fill.later AS
    SELECT row_number() OVER (ORDER BY kind, relation::text, name) AS step, * FROM (
        SELECT 0 AS kind, conrelid::regclass AS relation, conname::text AS name,
            format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
                AS definition
        FROM pg_constraint WHERE contype IN ('p', 'u') AND conrelid = ANY (fill.filled())
        UNION ALL
        SELECT 1, i.indrelid::regclass, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
        WHERE i.indrelid = ANY (fill.filled())
            AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))
        UNION ALL
        -- Every row is made to fit, and looking at all of them again takes minutes.
        SELECT 2, conrelid::regclass, conname,
            format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', conrelid::regclass, conname,
                pg_get_constraintdef(oid))
        FROM pg_constraint
        WHERE contype = 'f' AND (conrelid = ANY (fill.filled()) OR confrelid = ANY (fill.filled()))) AS x;
DO $$
    DECLARE it record;
    BEGIN
        FOR it IN SELECT * FROM fill.later ORDER BY kind DESC LOOP
            EXECUTE CASE it.kind WHEN 1 THEN 'DROP INDEX ' || it.name
                ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', it.relation, it.name) END;
        END LOOP;
    END
$$;

CREATE FUNCTION fill.id(what text, n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT decode(md5(what || n), 'hex')
$$;
CREATE FUNCTION fill.serial(n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT '\x01'::bytea || decode(md5('s' || n), 'hex')
$$;
CREATE FUNCTION fill.digest(what text, n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(convert_to(what || n, 'UTF8'))
$$;
-- Octets that do not compress, 64 for each part.
CREATE FUNCTION fill.long(what text, n bigint, parts int) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(sha512(convert_to(what || n || ':' || part, 'UTF8')), '') FROM generate_series(1, parts) part
$$;
-- In no order, and none twice.
CREATE FUNCTION fill.trace(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT upper(substr(md5('a' || n), 1, 4) || '-' || substr(h, 1, 4) || '-' || substr(h, 5, 4))
    FROM (SELECT lpad(to_hex(n), 8, '0') AS h) x
$$;
-- When the n-th of many came, which is evenly over the past year, but the last days; microseconds since 1970.
CREATE FUNCTION fill.moment(n bigint, many bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT ((extract(epoch FROM now()) - 31536000 + 31000000.0 * n / many) * 1000000)::bigint
$$;
-- A stable id as directories have them.
CREATE FUNCTION fill.person(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT md5('u' || n)::uuid::text
$$;
-- What a Windows device says about itself, a thousand octets.
CREATE FUNCTION fill.evidence(n bigint, device bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT convert_to(
        'password$' || fill.person(device) || ' person' || device || '@corp.example ldaps://dc1.corp.example ' || m
        || ' full UXInitiated True HWDevID@' || m || md5('h' || device) || ' Locale en-US TargetedUserLoggedIn True'
        || ' OSEdition 4 DeviceName DESKTOP-' || substr(m, 1, 7)
        || (SELECT string_agg(' MAC 00-15-5D-' || substr(x, 1, 2) || '-' || substr(x, 3, 2) || '-' || substr(x, 5, 2), '')
            FROM (SELECT md5(m || part) AS x FROM generate_series(1, 13) part) y)
        || ' DeviceID ' || upper(md5('c' || device)) || ' EnrollmentType Full DeviceType CIMClient_Windows OSVersion'
        || ' 10.0.26200.9278 ApplicationVersion 10.0.26200.9278 NotInOobe false Manufacturer Example Device Works'
        || ' DeviceModel Simulated Laptop SerialNumber SIMFD815A03DF5 RequestVersion 9.0 AttestationStatus'
        || ' Status=AttestationResultNoAttestation;AttestationErrorMsg=No AIK algorithms provided', 'UTF8')
    FROM (SELECT md5('m' || n) AS m) x
$$;

INSERT INTO "user" (id, principal_name, principal_key, display_name, groups, last_seen)
SELECT fill.person(n), 'person' || n || '@corp.example', 'person' || n || '@corp.example', 'Person ' || n,
    convert_to('%cn=staff,ou=groups,dc=corp,dc=example', 'UTF8'), fill.moment(n, :people)
FROM generate_series(1, :people) n;

INSERT INTO device (id, user_id, state, is_live, name, name_key, enrollment_type, hardware_id, claimed_device_id,
    claimed_key, os_version, model, generation, first_enrolled, last_proven_contact, certificate_serial,
    certificate_ends, needs_permit, trusted)
SELECT fill.id('d', n), fill.person(1 + n % :people), CASE WHEN is_reset THEN 'reset' ELSE 'active' END,
    CASE WHEN is_reset THEN 0 ELSE 1 END, 'DESKTOP-' || upper(substr(m, 1, 7)), 'desktop-' || substr(m, 1, 7), 'full',
    m || md5('h' || n), upper(md5('c' || n)), md5('c' || n), '10.0.26200.9278', 'Simulated Laptop', 1, came,
    came + 3600000000, fill.serial(n), came + 31536000000000, CASE WHEN is_reset THEN 1 ELSE 0 END,
    CASE WHEN n % 10 = 0 THEN '' WHEN n % 10 < 4 THEN :'issuer' || ' root-1' ELSE :'issuer' || ' root-1 root-2' END
FROM (SELECT n, md5('w' || n) AS m, fill.moment(n, :devices) AS came, n % 50 = 0 AS is_reset
    FROM generate_series(1, :devices) n) x;

-- The n-th certificate of the first :devices is the n-th device's own; the others, which are older, are of the first
-- devices again.
INSERT INTO certificate (serial, issuer_id, state, profile, device, trace_id, subject, not_before, not_after, recorded,
    reason, digest, key_digest, thumbprint, windows_thumbprint, to_be_signed, der, evidence, crl_shard, predecessor,
    seen, delivered)
SELECT fill.serial(n), :'issuer',
    CASE WHEN n > :devices THEN 'superseded' WHEN n % 50 = 0 THEN 'revoked' ELSE 'issued' END, 'device/1',
    fill.id('d', device), fill.trace(n), 'CN=' || md5('d' || device)::uuid || ',O=Example Ltd,C=DE', came,
    came + 31536000000000, came,
    CASE WHEN n > :devices THEN 'A later certificate of the same device replaced it.' END,
    fill.digest('b', n), fill.digest('k', n), fill.digest('t', n), substr(fill.digest('w', n), 1, 20), signed,
    '\x3082'::bytea || signed || sha512(fill.id('g', n)),
    CASE WHEN :full THEN fill.evidence(n, device) ELSE fill.digest('e', n) END, n % 8,
    CASE WHEN n <= :n - :devices THEN fill.serial(n + :devices) END, came + 60000000, '\x06323032362d41025231'
FROM (
    SELECT n, CASE WHEN n > :devices THEN n - :devices ELSE n END AS device, fill.moment(position, :n) AS came,
        CASE WHEN :full THEN fill.long('x', n, 14) ELSE fill.digest('x', n) END AS signed
    FROM (
        SELECT position,
            CASE WHEN position <= :n - :devices THEN position + :devices ELSE position - (:n - :devices) END AS n
        FROM generate_series(1, :n) position) y) x;

INSERT INTO attempt (trace_id, operation, outcome, started, microseconds, source_address, claimed_name, claimed_key,
    user_id, claimed_device_id, hardware_id, device_name, os_version, device, serial, steps)
SELECT fill.trace(n), CASE WHEN n > :devices THEN 'renewal' ELSE 'enrollment' END, 'succeeded', fill.moment(n, :n),
    12000 + n % 9000, '10.20.4.88', 'person' || person || '@corp.example', 'person' || person || '@corp.example',
    fill.person(person), upper(md5('c' || device)), md5('w' || device) || md5('h' || device),
    'DESKTOP-' || upper(substr(md5('w' || device), 1, 7)), '10.0.26200.9278', fill.id('d', device), fill.serial(n),
    fill.digest('z', n) || fill.digest('y', n) || fill.id('z', n)
FROM (SELECT n, device, 1 + device % :people AS person
    FROM (SELECT n, CASE WHEN n > :devices THEN n - :devices ELSE n END AS device FROM generate_series(1, :n) n) y) x;

INSERT INTO outbox (event, kind, device, generation, serial, trace_id, recorded, sealed_account, position)
SELECT fill.id('o', n), CASE WHEN n > :devices THEN 'renewed' ELSE 'enrolled' END,
    fill.id('d', CASE WHEN n > :devices THEN n - :devices ELSE n END), 1, fill.serial(n), fill.trace(n),
    fill.moment(n, :n),
    CASE WHEN n > :devices THEN NULL WHEN :full THEN fill.long('q', n, 2) || fill.digest('q', n) || fill.id('q', n)
        ELSE fill.digest('q', n) END,
    CASE WHEN n <= :n - 1000 THEN n END
FROM generate_series(1, :n) n;

INSERT INTO feed ("only", last_position) VALUES (1, greatest(0, :n - 1000));

INSERT INTO revocation (issuer_id, shard, serial, reason, revoked, not_after)
SELECT :'issuer', n % 8, fill.serial(n), CASE WHEN n > :devices THEN 4 ELSE 5 END, fill.moment(n, :n),
    fill.moment(n, :n) + 31536000000000
FROM generate_series(1, :n) n WHERE n > :devices OR n % 50 = 0;

INSERT INTO revocation_change (issuer_id, shard, serial, recorded)
SELECT issuer_id, shard, serial, revoked FROM revocation ORDER BY revoked DESC LIMIT :n / 50;

DO $$
    DECLARE it record;
    BEGIN
        FOR it IN SELECT * FROM fill.later ORDER BY step LOOP
            EXECUTE it.definition;
        END LOOP;
    END
$$;
UPDATE pg_constraint SET convalidated = true WHERE contype = 'f' AND NOT convalidated;
DROP SCHEMA fill CASCADE;
VACUUM (ANALYZE, PARALLEL 0);
CHECKPOINT;
