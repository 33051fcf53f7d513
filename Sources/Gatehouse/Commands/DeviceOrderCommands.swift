import ArgumentParser
import EnrollmentCore
import Ledger

extension DeviceCommand {
    struct Reset: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reset a device: revoke its certificates, free its slot, let the same hardware enroll once more.",
            discussion: """
                All of it or nothing, and the management server is told. A second time says when it was done and does
                nothing. A change takes the whole device id, or a name that only one live device has.

                  gatehouse device reset DESKTOP-7F3A --reason "mainboard replaced" --ticket INC0048812
                  gatehouse device reset 6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1 --reason stolen --no-permit
                  gatehouse device reset DESKTOP-7F3A --reason "key leaked" --revocation-reason keyCompromise

                Exit codes: 0 done or done before, 3 no such device, 4 its state does not allow it.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "Device id, or a device name that only one live device has.")
        var device: String
        @OptionGroup var order: OrderOptions
        @Option(help: "Why its certificates are revoked, by the standard's names (RFC 5280).")
        var revocationReason = RevocationReason.cessationOfOperation
        @Option(help: "Days for which the same hardware may enroll once more for the same user.")
        var permitDays: DayCount?
        @Flag(help: "No permit: this hardware no longer enrolls for this user.")
        var noPermit = false

        func perform() async throws(CommandProblem) -> CommandOutput {
            guard self.permitDays == nil || !self.noPermit else {
                throw .usage("--permit-days and --no-permit contradict each other", see: "device reset")
            }
            try self.revocationReason.refuseHold("gatehouse device hold \(self.device) --reason …")
            let days = self.noPermit ? nil : (self.permitDays ?? DayCount(days: 7)).days
            return try await DeviceOrderRun(common: self.common, device: self.device).perform(
                .reset,
                try self.order.mandate(),
                revocationReason: self.revocationReason,
                permitDays: days
            ) { (ledger, order) throws(EnrollmentError) in try await ledger.reset(order) }
        }
    }

    struct Retire: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Retire a device for good: as a reset, without a permit to come back.",
            discussion: """
                  gatehouse device retire DESKTOP-7F3A --reason "sold"
                  gatehouse device retire DESKTOP-7F3A --reason "sold" --ticket INC0048812 --json
                  gatehouse device retire DESKTOP-7F3A --reason "left the company" --revocation-reason affiliationChanged

                Should it come back after all: gatehouse device permit.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "Device id, or a device name that only one live device has.")
        var device: String
        @OptionGroup var order: OrderOptions
        @Option(help: "Why its certificates are revoked, by the standard's names (RFC 5280).")
        var revocationReason = RevocationReason.cessationOfOperation

        func perform() async throws(CommandProblem) -> CommandOutput {
            try self.revocationReason.refuseHold("gatehouse device hold \(self.device) --reason …")
            return try await DeviceOrderRun(common: self.common, device: self.device).perform(
                .retire,
                try self.order.mandate(),
                revocationReason: self.revocationReason
            ) { (ledger, order) throws(EnrollmentError) in try await ledger.retire(order) }
        }
    }

    struct Hold: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Suspend a device: its certificates go on hold, it keeps its slot; can be undone.",
            discussion: """
                  gatehouse device hold DESKTOP-7F3A --reason "lost, being looked for"
                  gatehouse device hold 6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1 --reason lost --ticket INC0048812
                  gatehouse device hold DESKTOP-7F3A --reason lost --json
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "Device id, or a device name that only one live device has.")
        var device: String
        @OptionGroup var order: OrderOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            try await DeviceOrderRun(common: self.common, device: self.device).perform(
                .hold,
                try self.order.mandate(),
                revocationReason: .certificateHold
            ) { (ledger, order) throws(EnrollmentError) in try await ledger.hold(order) }
        }
    }

    struct Resume: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Undo a hold: certificates that were only on hold are valid again.",
            discussion: """
                  gatehouse device resume DESKTOP-7F3A --reason "found"
                  gatehouse device resume 6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1 --reason found --ticket INC0048812
                  gatehouse device resume DESKTOP-7F3A --reason found --json
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "Device id, or a device name that only one live device has.")
        var device: String
        @OptionGroup var order: OrderOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            try await DeviceOrderRun(common: self.common, device: self.device).perform(
                .resume,
                try self.order.mandate()
            ) { (ledger, order) throws(EnrollmentError) in try await ledger.resume(order) }
        }
    }

    struct Permit: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let the hardware of an ended device enroll once more, or an expired device renew once.",
            discussion: """
                For the same hardware and the same user only, and for one time. A later permit of the same kind takes
                the place of an unused one.

                  gatehouse device permit 6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1 --reason "back from repair"
                  gatehouse device permit DESKTOP-7F3A --reason "back from repair" --days 14
                  gatehouse device permit DESKTOP-7F3A --reason "was in a drawer" --renewal
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "Device id, or a device name that only one device has.")
        var device: String
        @OptionGroup var order: OrderOptions
        @Option(help: "Days after which an unused permit ends.")
        var days = DayCount(days: 7)
        @Flag(help: "To renew although the certificate has expired, instead of to enroll.")
        var renewal = false

        func perform() async throws(CommandProblem) -> CommandOutput {
            let kind: EnrollmentCore.Permit.Kind = self.renewal ? .renewal : .enrollment
            return try await DeviceOrderRun(common: self.common, device: self.device, permit: kind).perform(
                .permit,
                try self.order.mandate(),
                permitDays: self.days.days
            ) { (ledger, order) throws(EnrollmentError) in
                try await ledger.permit(kind, until: order.permitUntil ?? order.act.time, order)
            }
        }
    }
}

extension RevocationReason {
    /// A hold is undone by another command, and must not hide in one that cannot be undone.
    fileprivate func refuseHold(_ remedy: String) throws(CommandProblem) {
        guard self != .certificateHold else {
            throw CommandProblem(
                "GH-USAGE-013",
                "certificateHold suspends; this ends a device",
                [("try", remedy)],
                exit: .usage
            )
        }
    }
}
