/// The rules that decide on a renewal without asking anybody: pure, so that every line of them can be tested alone.
struct RenewalJudgement: Sendable {
    let policy: RenewalPolicy
    let schedule: RenewalSchedule
    let signed: SignedRenewal
    let request: RenewalRequest
    let candidate: RenewalCandidate
    let now: Timestamp

    private var validity: Validity {
        Validity(notBefore: self.candidate.certificate.notBefore, notAfter: self.candidate.certificate.notAfter)
    }

    /// Whether the certificate is still what this device proves itself with.
    ///
    /// A certificate on hold is judged by ``judgeHold()``: it comes after the user, as its reason is another one.
    func judgeCurrency() throws(EnrollmentError) {
        let certificate = self.candidate.certificate
        if let revocation = self.candidate.revocation, revocation.reason != .certificateHold {
            throw self.refusal(
                revocation.reason == .superseded
                    ? "The certificate was superseded by a later one of the same device. The device has to use that one,"
                        + " or enroll again."
                    : "The certificate was revoked. The device has to enroll again.",
                rule: revocation.reason == .superseded ? "renewal.superseded" : "renewal.revoked",
                [Fact("revoked", "\(revocation.revoked)"), Fact("reason", revocation.reason.name)]
            )
        }
        guard certificate.state == .issued else {
            throw self.refusal(
                "The certificate is \(certificate.state.rawValue), so it does not renew. The device has to enroll again.",
                rule: certificate.state == .superseded ? "renewal.superseded" : "renewal.revoked",
                [Fact("state", certificate.state.rawValue)]
            )
        }
        guard
            self.request.credential != nil || self.policy.proof == .signature
                || self.request.connectionThumbprint == self.signed.thumbprint
        else {
            throw self.refusal(
                self.request.connectionThumbprint == nil
                    ? "The connection was made without the certificate that is to be renewed. Behind a proxy that ends"
                        + " TLS, configure proxies, or renewal.proof as \"signature\"."
                    : "The connection was made with another certificate than the one that is to be renewed.",
                rule: "renewal.connection",
                [Fact("connection", self.request.connectionThumbprint.map { Hexadecimal.encode($0) } ?? "none")]
            )
        }
    }

    /// Whether now is the time for it.
    ///
    /// - Returns: Whether a permit is used up by it.
    /// - Throws: ``EnrollmentError`` with code `notEligibleToRenew`.
    func judgeWindow() throws(EnrollmentError) -> Bool {
        let opening = self.policy.opening(of: self.validity, by: self.schedule)
        guard self.now >= opening || self.candidate.isHurried else {
            throw self.refusal(
                "The certificate cannot be renewed before \(opening).",
                rule: "renewal.early",
                [Fact("opens", "\(opening)"), Fact("ends", "\(self.validity.notAfter)")]
            )
        }
        let closing = self.policy.closing(of: self.validity)
        if self.now.seconds <= closing.seconds { return false }
        if let permit = self.candidate.permit, permit.until >= self.now { return true }
        throw self.refusal(
            "The certificate has ended. The device has to enroll again; gatehouse device permit --renewal lets this one"
                + " device renew once all the same.",
            rule: "renewal.expired",
            [Fact("ended", "\(self.validity.notAfter)"), Fact("accepted until", "\(closing)")]
        )
    }

    /// Whether the device has not ended, and is the one that the certificate was given to.
    func judgeDevice() throws(EnrollmentError) {
        let device = self.candidate.device
        guard device.state.occupiesSlot || device.state == .expired else {
            throw self.refusal(
                "The device has ended (\(device.state.rawValue)). It has to enroll again.",
                rule: "renewal.device-ended",
                [Fact("state", device.state.rawValue)]
            )
        }
        guard !self.isOtherDevice else {
            throw self.refusal(
                "The request comes from a device with another DeviceID than the one this certificate was given to: one"
                    + " of them is a copy of the other. Both have to be looked at.",
                rule: "renewal.device",
                [
                    Fact("claimed", self.request.claims.deviceID),
                    Fact("enrolled as", device.claimedDeviceID),
                ]
            )
        }
    }

    /// Whether the device claims another `DeviceID` than it enrolled with.
    var isOtherDevice: Bool {
        self.request.claims.deviceID.lowercased() != self.candidate.device.claimedDeviceID.lowercased()
    }

    /// Whether it is still the user's.
    func judgeOwner(_ user: DirectoryUser) throws(EnrollmentError) {
        guard user.id == self.candidate.device.userID else {
            throw self.refusal(
                "\(user.principalName) signed in, but the device belongs to \(self.candidate.device.userPrincipalName)."
                    + " The device has to be enrolled for its new user.",
                rule: "renewal.user",
                [Fact("owner", self.candidate.device.userPrincipalName), Fact("signed in", user.principalName)]
            )
        }
    }

    /// Whether device and certificate are not suspended.
    func judgeHold() throws(EnrollmentError) {
        guard self.candidate.device.state != .held, self.candidate.revocation == nil else {
            throw self.refusal(
                "The device is held; resume it before it renews.",
                rule: "renewal.held",
                self.candidate.revocation.map { [Fact("since", "\($0.revoked)")] } ?? []
            )
        }
    }

    /// Whether the new key is fresh, and neither weaker nor less protected than the old one.
    ///
    /// - Parameter keyDigest: SHA-256 over the new SubjectPublicKeyInfo.
    /// - Throws: ``EnrollmentError`` with code `certificateRequest`.
    func judgeKey(_ keyDigest: [UInt8]) throws(EnrollmentError) {
        let key = self.signed.request
        guard keyDigest != self.signed.keyDigest else { throw Self.reusedKey }
        guard key.algorithm.strength >= self.signed.keyAlgorithm.strength else {
            throw EnrollmentError(
                .certificateRequest,
                "The new key is weaker than the one it would replace.",
                rule: "renewal.key-weaker",
                facts: [
                    Fact("new", "\(key.algorithm), \(key.algorithm.strength) bits of security"),
                    Fact("old", "\(self.signed.keyAlgorithm), \(self.signed.keyAlgorithm.strength) bits of security"),
                ]
            )
        }
        guard self.candidate.certificate.protection != .hardware || key.protection == .hardware else {
            throw EnrollmentError(
                .certificateRequest,
                "The device's former key was kept in hardware and the new one is not said to be.",
                rule: "renewal.key-protection",
                facts: [Fact("new", key.protection.rawValue), Fact("old", "hardware")]
            )
        }
    }

    /// The refusal of a key that has a certificate already.
    static var reusedKey: EnrollmentError {
        EnrollmentError(
            .certificateRequest,
            "The request carries a key that is certified already. A renewal takes a new key.",
            rule: "renewal.key-reused"
        )
    }

    private func refusal(_ detail: String, rule: String, _ facts: [Fact]) -> EnrollmentError {
        EnrollmentError(
            .notEligibleToRenew,
            detail,
            rule: rule,
            facts: [Fact("certificate", "\(self.candidate.certificate.serialNumber)")] + facts
        )
    }
}
