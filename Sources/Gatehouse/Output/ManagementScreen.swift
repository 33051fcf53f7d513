import DeviceSimulator

/// A device's session with its management server, for people and for programs.
enum ManagementScreen {
    static func text(_ contact: ManagementContact, of identity: DeviceIdentity) -> String {
        var lines = ["\(identity.device.name): \(contact)"]
        for command in contact.commands {
            lines.append("  \(command.name) \(command.nodes.joined(separator: ", ")): \(command.code)")
        }
        return lines.map { Table.printable($0) }.joined(separator: "\n") + "\n"
    }

    static func json(_ contact: ManagementContact) -> JSONValue {
        .object([
            ("address", .string(contact.address)), ("messages", .integer(Int64(contact.messages))),
            ("milliseconds", .number(contact.milliseconds)), ("deviceProof", .string(contact.deviceProof.rawValue)),
            ("serverProof", .string(contact.serverProof.rawValue)),
            (
                "commands",
                .array(
                    contact.commands.map { command in
                        .object([
                            ("name", .string(command.name)), ("nodes", .array(command.nodes.map { .string($0) })),
                            ("code", .integer(Int64(command.code))),
                        ])
                    }
                )
            ),
        ])
    }
}
