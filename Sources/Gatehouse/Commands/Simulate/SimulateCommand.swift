import ArgumentParser

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Play a device, to test a deployment.",
        subcommands: [Windows.self]
    )

    struct Windows: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "windows",
            abstract: "Play a Windows 11 device: enroll, be managed, renew, live a whole life.",
            discussion: """
                Every answer is checked against the protocol; the first deviation is told in words. Works with any
                server. Without another word it enrolls: options of enroll may follow at once.

                  gatehouse simulate windows --user kim@corp.example --password-file kim.txt --ca root.pem --save laptop
                  gatehouse simulate windows renew --identity laptop --ca root.pem
                  gatehouse simulate windows lifetime-soak --devices 20 --users users.txt --ca root.pem
                """,
            subcommands: [
                SimulateEnrollCommand.self, SimulateRenewCommand.self, SimulateContactCommand.self,
                SimulateManageCommand.self, SimulateLifetimeCommand.self,
            ],
            defaultSubcommand: SimulateEnrollCommand.self
        )
    }
}
