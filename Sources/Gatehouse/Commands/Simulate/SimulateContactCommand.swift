import ArgumentParser
import DeviceSimulator
import EnrollmentCore

struct SimulateContactCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "contact",
        abstract: "Use a saved certificate in a TLS connection, and say what the server makes of it.",
        discussion: """
              gatehouse simulate windows contact --identity laptop --ca root.pem
              gatehouse simulate windows contact --identity laptop --previous --ca root.pem

            Exit codes: 0 the server answered and did not call the certificate unverified, 1 otherwise, 2 usage.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "Folder that enrollment saved.")
    var identity: String
    @Flag(help: "With the certificate before the current one.")
    var previous = false
    @OptionGroup var access: ServerOptions

    func perform() async throws(CommandProblem) -> CommandOutput {
        let access = try self.access.access()
        let identity: DeviceIdentity
        let facts: CertificateFacts
        let contact: FirstContact
        do throws(SimulationFailure) {
            identity = try IdentityFolder(self.identity).read(self.previous ? .previous : .current)
            facts = try identity.facts()
            contact = try await FirstContact.make(identity, access)
        } catch {
            throw .simulation(error)
        }
        let seen = contact.seenByServer ?? "silent"
        return CommandOutput(
            text: "\(identity.device.name) with certificate \(facts.thumbprint): HTTP \(contact.status),"
                + " \(Figures.tenths(contact.milliseconds)) ms; server: \(Table.printable(seen))\n",
            json: .object([
                ("schema", .string("gatehouse.contact/1")), ("device", .string(identity.entDMID)),
                ("serialNumber", .string(facts.serialNumber)), ("sha256", .string(facts.sha256)),
                ("httpStatus", .integer(Int64(contact.status))), ("milliseconds", .number(contact.milliseconds)),
                ("seenByServer", .optional(contact.seenByServer)), ("good", .boolean(contact.isGood)),
            ]),
            exit: contact.isGood ? .done : .failed
        )
    }
}
