import EnrollmentCore
import Ledger

/// One order for one device, from the name on the command line to the screen.
struct DeviceOrderRun {
    let common: CommonOptions
    let device: String
    /// The kind of permit that the order is about, where it is about nothing else.
    var permit: EnrollmentCore.Permit.Kind?

    func perform(
        _ verb: AdministrativeAct.Verb,
        _ mandate: Mandate,
        revocationReason: RevocationReason = .cessationOfOperation,
        permitDays: Int? = nil,
        _ carryOut: (any LedgerStore, DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome
    ) async throws(CommandProblem) -> CommandOutput {
        let act = try await answer { () throws(EnrollmentError) in try mandate.act(verb, at: SystemClock().now) }
        let (outcome, slots) = try await self.common.withWritableLedger {
            (ledger, configuration) throws(CommandProblem) in
            let device = try await DeviceTarget.find(self.device, in: ledger)
            let order = DeviceOrder(
                device: device.device,
                act: act,
                revocationReason: revocationReason,
                permitUntil: permitDays.map { act.time.adding(days: $0) }
            )
            let outcome = try await answer { () throws(EnrollmentError) in try await carryOut(ledger, order) }
            let slots = try await answer { () throws(EnrollmentError) -> SlotStanding? in
                guard let user = try await ledger.user(device.userID) else { return nil }
                return try await SlotStanding(of: user, in: ledger, configuration.deviceLimit)
            }
            return (outcome, slots)
        }
        let screen = DeviceOrderScreen(
            act: act,
            revocationReason: revocationReason,
            permit: self.permit,
            slots: slots,
            config: self.common.config
        )
        switch outcome {
        case .done(let report): return CommandOutput(text: screen.text(report), json: screen.json(report))
        case .already(let device, let former):
            return CommandOutput(text: screen.text(device, former), json: screen.json(device, former))
        case .unknownDevice: throw .notFound("device", self.device, "gatehouse device list")
        case .refused(let device, let reason):
            throw CommandProblem(
                "GH-DEVICE-001",
                "\(Table.printable(device.name)) is \(device.state.rawValue): \(reason)",
                [("device", "\(device.device)"), ("see", "gatehouse device show \(device.device)")],
                exit: .refused
            )
        }
    }
}
