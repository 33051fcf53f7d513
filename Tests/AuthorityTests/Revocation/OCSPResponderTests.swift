import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Synchronization
import Testing
import X509Kit

@Suite("OCSP responder", .timeLimit(.minutes(25)))
struct OCSPResponderTests {
    private static func answer(_ rig: RevocationRig, _ question: [UInt8]) async throws -> OCSPResponse {
        try OCSPResponse(der: await rig.responder.answer(question).answer.octets)
    }

    @Test(
        "openssl and ocsptool believe answers signed by every kind of key, and openssl reads each state",
        arguments: AuthorityFounderTests.algorithms
    )
    func outside(_ kinds: [KeyType]) async throws {
        let founding = try await SharedFoundings.all.founding(root: kinds[0], issuer: kinds[1], server: kinds[2])
        let rig = try await RevocationRig(founding, responderKey: kinds[2])
        try await rig.open()
        let judges = try OutsideJudges()
        let device = try await rig.device()
        let (issuer, root) = (rig.founding.result.issuer.der, rig.founding.result.root.der)
        for options in [["-no_nonce"], [], ["-sha256", "-no_nonce"], ["-sha256"]] {
            let question = try await judges.ask(device.der, issuer: issuer, options)
            for (reason, word) in [(nil, ": good"), (.certificateHold, ": revoked"), (.keyCompromise, "keyCompromise")]
                as [(RevocationReason?, String)]
            {
                rig.book.set(reason, of: device.serialNumber, at: rig.clock.now)
                _ = try await rig.responder.follow()
                let answer = await rig.responder.answer(question)
                #expect(answer.error == nil)
                let outcome = try await judges.readAnswer(
                    answer.answer.octets,
                    to: question,
                    about: device.der,
                    issuer: issuer,
                    root: root,
                    at: rig.clock.now,
                    options.filter { $0 == "-sha256" }
                )
                #expect(outcome.status == 0, "\(outcome.output)")
                #expect(outcome.output.contains("Response verify OK"), "\(outcome.output)")
                #expect(outcome.output.contains(word), "\(outcome.output)")
                #expect(answer.answer.isCacheable == options.contains("-no_nonce"))
                let signer = try #require(try OCSPResponse(der: answer.answer.octets).certificates.first)
                let gnutls = try await judges.ocsptool(answer.answer.octets, signer: signer)
                #expect(gnutls.status == 0, "\(gnutls.output)")
            }
        }
    }

    @Test(
        "the OCSP linter finds no error in answers of each state, and the certificate linter none in the responder",
        .enabled(if: OutsideJudges.linter != nil, "Scripts/setup installs the linter")
    )
    func linted() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let judges = try OutsideJudges()
        let device = try await rig.device()
        let unknown = SerialNumber(node: 1, random: try SystemRandom.octets(16))
        for (reason, serial) in [
            (nil, device.serialNumber), (.certificateHold, device.serialNumber), (nil, unknown),
        ] as [(RevocationReason?, SerialNumber)] {
            rig.book.set(reason, of: serial, at: rig.clock.now)
            _ = try await rig.responder.follow()
            let answer = await rig.responder.answer(try rig.question(serial)).answer
            #expect(try await judges.lint(answer.octets, by: "lint_ocsp_response") == [])
            let certificate = try #require(try OCSPResponse(der: answer.octets).certificates.first)
            #expect(try await judges.lint(certificate) == [])
        }
    }

    @Test("a responder's certificate says what it has to, and openssl trusts it")
    func certificate() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let device = try await rig.device()
        let answer = try await Self.answer(rig, try rig.question(device.serialNumber))
        let der = try #require(answer.certificates.first)
        let certificate = try Certificate(der: der)
        #expect(try certificate.extendedKeyUsages() == ["1.3.6.1.5.5.7.3.9"])
        #expect(try certificate.keyUsage() == 1)
        #expect(try certificate.notAfterSeconds() - certificate.notBeforeSeconds() + 1 == 30 * 86_400)
        #expect(certificate.issuer == (try Certificate(der: rig.founding.result.issuer.der).subject))
        let outcome = try await OutsideJudges().verify(
            der,
            root: rig.founding.result.root.der,
            untrusted: rig.founding.result.issuer.der,
            ["-purpose", "ocsphelper"]
        )
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    @Test("the issuing authority's own certificate is answered for by its root's responder")
    func root() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let issuer = rig.founding.result.issuer
        rig.book.issue(issuer.serialNumber, by: "root-2026", until: issuer.validity.notAfter)
        let root = rig.founding.result.root.der
        #expect(try await rig.status(try rig.question(issuer.serialNumber, issuer: root)) == .good)
        #expect(try await rig.status(try rig.question(issuer.serialNumber)) == .unknown)
    }

    @Test("an answer is made once and kept until half of its validity, for each way of asking")
    func kept() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let serial = try await rig.device().serialNumber
        let questions = [try rig.question(serial), try rig.question(serial, hash: .sha256)]
        for question in questions {
            #expect(rig.responder.cached(for: question) == nil)
            let made = await rig.responder.answer(question).answer
            #expect(rig.responder.cached(for: question) == made)
            #expect(await rig.responder.answer(question).answer == made)
            #expect(made.thisUpdate == rig.clock.now)
            #expect(made.nextUpdate == rig.clock.now.adding(seconds: 14_400))
            #expect(made.entityTag.count == 34)
            #expect(made.isCacheable)
        }
        #expect(rig.book.with { $0.asked } == 2)
        #expect(rig.responder.keptAnswers == 2)
        rig.clock.advance(seconds: 7_199)
        #expect(rig.responder.cached(for: questions[0]) != nil)
        rig.clock.advance(seconds: 1)
        #expect(rig.responder.cached(for: questions[0]) == nil)
        #expect(await rig.responder.answer(questions[0]).answer.thisUpdate == rig.clock.now)
    }

    @Test("a revocation is in the kept answers after the next look at the log, signed before anybody asks")
    func change() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let serial = try await rig.device().serialNumber
        let questions = [try rig.question(serial), try rig.question(serial, hash: .sha256)]
        for question in questions { #expect(try await rig.status(question) == .good) }
        rig.clock.advance(seconds: 5)
        rig.book.set(.keyCompromise, of: serial, at: rig.clock.now)
        let round = try await rig.responder.follow()
        #expect(round.changes == 1)
        #expect(round.presigned == 2)
        for question in questions {
            let kept = try #require(rig.responder.cached(for: question))
            let status = try OCSPResponse(der: kept.octets).singles.first?.status
            #expect(status == .revoked(at: rig.clock.now.seconds, reason: .keyCompromise))
        }
        rig.book.set(nil, of: serial, at: rig.clock.now)
        _ = try await rig.responder.follow()
        #expect(try await rig.status(questions[0]) == .good)
    }

    @Test("a revocation that a clock dated ahead counts from now on")
    func datedAhead() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let serial = try await rig.device().serialNumber
        rig.book.set(.keyCompromise, of: serial, at: rig.clock.now.adding(days: 30))
        _ = try await rig.responder.follow()
        #expect(
            try await rig.status(try rig.question(serial))
                == .revoked(at: rig.clock.now.seconds, reason: .keyCompromise)
        )
    }

    @Test("an answer that a revocation overtook while it was made is given once and not kept")
    func overtaken() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let serial = try await rig.device().serialNumber
        let question = try rig.question(serial)
        rig.book.interruption.withLock {
            $0 = {
                rig.book.set(.keyCompromise, of: serial, at: rig.clock.now)
                do { _ = try await rig.responder.follow() } catch { Issue.record(error) }
            }
        }
        #expect(try await rig.status(question) == .good)
        #expect(rig.responder.cached(for: question) == nil)
        let revoked = OCSPResponseData.Status.revoked(at: rig.clock.now.seconds, reason: .keyCompromise)
        #expect(try await rig.status(question) == revoked)
        #expect(rig.responder.cached(for: question) != nil)
    }

    @Test("nothing is kept before the log was looked at for the first time")
    func unfollowed() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        _ = await rig.keeper.renewDue()
        let serial = try await rig.device().serialNumber
        #expect(try await rig.status(try rig.question(serial)) == .good)
        #expect(rig.responder.keptAnswers == 0)
    }

    @Test("answers that are asked for are signed anew before they become stale, others are not")
    func presigned() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let (asked, forgotten) = (try await rig.device().serialNumber, try await rig.device().serialNumber)
        for serial in [asked, forgotten] { _ = try await rig.status(try rig.question(serial)) }
        _ = rig.responder.cached(for: try rig.question(asked))
        for _ in 0..<11 {
            rig.clock.advance(seconds: 600)
            #expect(try await rig.responder.follow().presigned == 0)
        }
        rig.clock.advance(seconds: 300)
        #expect(try await rig.responder.follow().presigned == 1)
        #expect(rig.responder.cached(for: try rig.question(asked))?.thisUpdate == rig.clock.now)
        rig.clock.advance(seconds: 300)
        #expect(rig.responder.cached(for: try rig.question(forgotten)) == nil)
        #expect(rig.responder.cached(for: try rig.question(asked)) != nil)
    }

    @Test("the cache is bounded, and what is asked for stays longer")
    func bounded() async throws {
        let founding = try await SharedFoundings.all.founding()
        let rig = try await RevocationRig(founding, answers: .init(validity: 4 * 3_600, capacity: 4))
        try await rig.open()
        let favorite = SerialNumber(node: 1, random: [UInt8](repeating: 1, count: 16))
        rig.book.issue(favorite, by: "2026-a", until: rig.clock.now.adding(days: 1))
        _ = try await rig.status(try rig.question(favorite))
        for index in 2..<40 {
            let serial = SerialNumber(node: 1, random: [UInt8](repeating: UInt8(index), count: 16))
            rig.book.issue(serial, by: "2026-a", until: rig.clock.now.adding(days: 1))
            #expect(rig.responder.cached(for: try rig.question(favorite)) != nil)
            _ = try await rig.status(try rig.question(serial))
            #expect(rig.responder.keptAnswers <= 4)
        }
    }

    @Test("numbers that never existed are unknown, and such answers are not kept")
    func unknown() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let serial = SerialNumber(node: 1, random: try SystemRandom.octets(16))
        let answer = await rig.responder.answer(try rig.question(serial)).answer
        #expect(try OCSPResponse(der: answer.octets).singles.map(\.status) == [.unknown])
        #expect(!answer.isCacheable)
        #expect(rig.responder.keptAnswers == 0)
        // Not one that we could have made, yet a question.
        let zero = try RevocationRig.request([try rig.identifier(serial).with(serialNumber: [0])])
        #expect(try await rig.status(zero) == .unknown)
    }

    @Test("a nonce is repeated and its answer is made for this asker alone")
    func nonce() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let identifier = try rig.identifier(try await rig.device().serialNumber)
        for nonce in [[1], [UInt8](repeating: 7, count: 128)] as [[UInt8]] {
            let question = try RevocationRig.request([identifier], nonce: nonce)
            #expect(rig.responder.cached(for: question) == nil)
            let answer = await rig.responder.answer(question).answer
            #expect(try OCSPResponse(der: answer.octets).nonce == nonce)
            #expect(!answer.isCacheable)
        }
        #expect(rig.responder.keptAnswers == 0)
    }

    @Test("several certificates in one question are answered in one response, in their order")
    func several() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let (good, bad) = (try await rig.device().serialNumber, try await rig.device().serialNumber)
        rig.book.set(.superseded, of: bad, at: rig.clock.now)
        _ = try await rig.responder.follow()
        let identifiers = [try rig.identifier(good), try rig.identifier(bad, hash: .sha256)]
        let answer = try await Self.answer(rig, try RevocationRig.request(identifiers))
        #expect(answer.singles.map(\.certificateID) == identifiers)
        #expect(answer.singles.map(\.status) == [.good, .revoked(at: rig.clock.now.seconds, reason: .superseded)])
        // One signature cannot speak for two issuers.
        let root = try rig.identifier(good, issuer: rig.founding.result.root.der)
        let mixed = try await Self.answer(rig, try RevocationRig.request([identifiers[0], root]))
        #expect(mixed.refusal == .unauthorized)
    }

    @Test("an issuer that is not ours is not spoken for; what is no question is malformed")
    func refusals() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        let serial = try await rig.device().serialNumber
        let stranger = try await Founding(root: .ed25519).result.issuer.der
        #expect(try await Self.answer(rig, try rig.question(serial, issuer: stranger)).refusal == .unauthorized)
        let identifier = try rig.identifier(serial)
        // The right key under another name.
        let renamed = OCSPCertificateID(
            hash: .sha1,
            issuerNameHash: [UInt8](repeating: 0, count: 20),
            issuerKeyHash: identifier.issuerKeyHash,
            serialNumber: serial.octets
        )
        #expect(try await Self.answer(rig, try RevocationRig.request([renamed])).refusal == .unauthorized)
        for octets in [[], [0x30, 0x00], [UInt8](repeating: 0xff, count: 10_000)] as [[UInt8]] {
            #expect(try await Self.answer(rig, octets).refusal == .malformedRequest)
            #expect(rig.responder.cached(for: octets) == .malformed)
        }
    }

    @Test("without a responder certificate, or with the store away, the asker is told to try later")
    func later() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding(issuer: .ed25519))
        let serial = try await rig.device().serialNumber
        let question = try rig.question(serial)
        #expect(try await Self.answer(rig, question).refusal == .tryLater)
        try await rig.open()
        #expect(try await rig.status(question) == .good)
        rig.book.with { $0.isAway = true }
        let other = await rig.responder.answer(try rig.question(serial, hash: .sha256))
        #expect(try OCSPResponse(der: other.answer.octets).refusal == .tryLater)
        #expect(other.error?.code == .inMaintenance)
        // What is kept is still given.
        #expect(try await rig.status(question) == .good)
    }

    @Test("another validity counts from the next answer on")
    func validity() async throws {
        let rig = try await RevocationRig(try await SharedFoundings.all.founding())
        try await rig.open()
        rig.responder.setValidity(300)
        let answer = await rig.responder.answer(try rig.question(try await rig.device().serialNumber)).answer
        #expect(answer.nextUpdate == rig.clock.now.adding(seconds: 300))
    }

    @Test("an answer ends with the responder's certificate at the latest")
    func end() async throws {
        let rig = try await RevocationRig(
            try await SharedFoundings.all.founding(),
            answers: .init(validity: 86_400 * 40)
        )
        try await rig.open()
        let answer = await rig.responder.answer(try rig.question(try await rig.device().serialNumber)).answer
        let der = try #require(try OCSPResponse(der: answer.octets).certificates.first)
        #expect(answer.nextUpdate?.seconds == (try Certificate(der: der).notAfterSeconds()))
    }
}

extension OCSPCertificateID {
    fileprivate func with(serialNumber: [UInt8]) -> OCSPCertificateID {
        OCSPCertificateID(
            hash: .sha1,
            issuerNameHash: self.issuerNameHash,
            issuerKeyHash: self.issuerKeyHash,
            serialNumber: serialNumber
        )
    }
}
