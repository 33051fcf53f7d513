import DeviceSimulator
import Foundation
import Testing

/// What came of a renewal, as the device and help desk see it.
struct RenewalVerdict: Sendable {
    /// `Authorization NotEligibleToRenew`; `nil` when it was granted.
    let fault: String?
    let trace: String?

    init(_ reply: Reply) {
        self.fault = reply.fault ?? (reply.status == 200 ? nil : "HTTP \(reply.status)")
        self.trace = reply.trace
    }

    init(_ result: Result<RenewalOutcome.Renewed, SimulationFailure>) throws {
        switch result {
        case .success:
            self.fault = nil
            self.trace = nil
        case .failure(.refused(_, let fault)):
            self.fault = [fault.subcode, fault.errorType].compactMap { $0 }.joined(separator: " ")
            self.trace = fault.traceID
        case .failure(let failure):
            throw failure
        }
    }

    static let notEligible = "Authorization NotEligibleToRenew"
    static let badRequest = "CertificateRequest"

    /// Expects this fault, and that the trace id in it leads help desk to this rule.
    func expect(_ fault: String, rule: String, _ what: String, at place: Place) async throws {
        #expect(self.fault == fault, "\(what)")
        guard let trace = self.trace else {
            Issue.record("\(what): no trace id")
            return
        }
        let attempt = try await place.attempt(trace)
        #expect(attempt.outcome == "refused", "\(what)")
        #expect(attempt.operation == "renewal", "\(what)")
        #expect(attempt.rule == rule, "\(what): \(attempt.detail ?? "")")
        #expect(attempt.serialNumber == nil, "\(what)")
    }
}

extension RunningGatehouse {
    /// Sends a signed message over TLS with `presented`'s certificate.
    func verdict(
        on token: [UInt8],
        _ claims: Message.Claims,
        presenting presented: DeviceIdentity?
    ) async throws -> RenewalVerdict {
        let message = Message.renew(Data(token).base64EncodedString(), claims)
        return RenewalVerdict(try await Exchange(self, as: presented).post(message, to: .enrollment))
    }

    /// The same of a renewal by the simulator.
    func verdict(on identity: DeviceIdentity, _ plan: RenewalPlan = RenewalPlan()) async throws -> RenewalVerdict {
        try RenewalVerdict(try await self.outcome(of: identity, plan, makesContact: false))
    }
}
