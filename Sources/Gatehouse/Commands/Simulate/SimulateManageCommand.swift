import ArgumentParser
import DeviceSimulator
import EnrollmentCore

struct SimulateManageCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "manage",
        abstract: "Have a session with the management server of a saved identity.",
        discussion: """
              gatehouse simulate windows manage --identity laptop --ca root.pem
              gatehouse simulate windows manage --identity laptop --previous --manage-ca mdm-root.pem

            The device shows its certificate in TLS, the account's name and secret when it is asked for them, checks the
            server's, and answers what the server wants to know.

            Exit codes: 0 the session went as it had to, 1 it did not or the device was turned away, 2 usage.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "Folder that enrollment saved.")
    var identity: String
    @Flag(help: "With the certificate before the current one.")
    var previous = false
    @OptionGroup var access: ServerOptions
    @Option(
        help: ArgumentHelp(
            "PEM file with the only authorities that the management server's certificate may lead to; default: those of"
                + " --ca and the roots that the device was given."
        )
    )
    var manageCA: String?
    @Flag(help: "Send the account's credentials before the server asks for them; Windows waits.")
    var credentialsAtOnce = false

    func perform() async throws(CommandProblem) -> CommandOutput {
        var access = try self.access.access()
        let authorities = try self.manageCA.map { file throws(CommandProblem) in try SimulatorFile.read(file) }
        let identity: DeviceIdentity
        let contact: ManagementContact
        do throws(SimulationFailure) {
            identity = try IdentityFolder(self.identity).read(self.previous ? .previous : .current)
            access.trustManagement(authorities, for: identity)
            contact = try await ManagementContact.make(
                identity,
                access,
                sendsCredentialsAtOnce: self.credentialsAtOnce
            )
        } catch {
            throw .simulation(error)
        }
        return CommandOutput(
            text: ManagementScreen.text(contact, of: identity),
            json: .object([
                ("schema", .string("gatehouse.management-session/1")), ("device", .string(identity.entDMID)),
                ("session", ManagementScreen.json(contact)),
            ])
        )
    }
}
