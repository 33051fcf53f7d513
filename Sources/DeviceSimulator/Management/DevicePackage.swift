internal import XMLKit

/// One message of a device to its management server (OMA Device Management Representation Protocol 1.2).
///
/// The shape is that of Windows 11 25H2: no `Meta` in the header, commands numbered after the statuses, DmV 1.3.
struct DevicePackage {
    static let namespace = "SYNCML:SYNCML1.2"
    private static let meta = "syncml:metinf"

    /// What the device says of one command of the server's.
    struct Status: Hashable, Sendable {
        /// The number of the server's message.
        let message: Int
        /// The command's number in it, `0` for the header.
        let command: String
        let name: String
        let code: Int
        /// Asks the server to show that it knows its secret, or to use this nonce the next time.
        var challenge: ManagementChallenge?
    }

    /// What a node holds, for a `Get`.
    struct Result: Hashable, Sendable {
        let message: Int
        let command: String
        let node: String
        let value: String
    }

    let session: Int
    let message: Int
    /// The server's address.
    let target: String
    /// The device's own name in the session.
    let source: String
    /// The account's name and what goes with it.
    var credential: (name: String, ManagementCredential)?
    var statuses: [Status] = []
    var results: [Result] = []
    /// `./DevInfo`, in a message that opens the session.
    var opening: [(node: String, value: String)] = []
    /// Whether the server's message was not all it has to say.
    var asksForMore = false

    /// How many numbered commands come before those of the opening.
    private var leading: Int { max(1, self.statuses.count + self.results.count) }

    /// The numbers of the commands that the server has to answer, with their names.
    var commands: [(id: String, name: String)] {
        guard !self.opening.isEmpty else { return [] }
        return ["Alert", "Alert", "Replace"].enumerated().map { ("\(self.leading + 1 + $0.offset)", $0.element) }
    }

    /// - Returns: The message on one line.
    func octets() -> [UInt8] {
        var writer = XMLWriter(capacity: 2_048)
        writer.element("SyncML", ["xmlns": Self.namespace]) { writer in
            self.writeHeader(to: &writer)
            writer.element("SyncBody") { writer in
                var number = 0
                for status in self.statuses {
                    number += 1
                    Self.write(status, number, to: &writer)
                }
                for result in self.results {
                    number += 1
                    Self.write(result, number, to: &writer)
                }
                if !self.opening.isEmpty { self.writeOpening(to: &writer) }
                if self.asksForMore {
                    writer.element("Alert") { writer in
                        writer.element("CmdID", text: "\(number + 1)")
                        writer.element("Data", text: "1222")
                    }
                }
                writer.element("Final")
            }
        }
        return writer.octets
    }

    private func writeHeader(to writer: inout XMLWriter) {
        writer.element("SyncHdr") { writer in
            writer.element("VerDTD", text: "1.2")
            writer.element("VerProto", text: "DM/1.2")
            writer.element("SessionID", text: "\(self.session)")
            writer.element("MsgID", text: "\(self.message)")
            writer.element("Target") { $0.element("LocURI", text: self.target) }
            writer.element("Source") { writer in
                writer.element("LocURI", text: self.source)
                if let credential = self.credential { writer.element("LocName", text: credential.name) }
            }
            guard let (_, credential) = self.credential else { return }
            writer.element("Cred") { writer in
                writer.element("Meta") { writer in
                    writer.element("Format", ["xmlns": Self.meta], text: "b64")
                    writer.element("Type", ["xmlns": Self.meta], text: credential.method.rawValue)
                }
                writer.element("Data", text: credential.data)
            }
        }
    }

    private static func write(_ status: Status, _ number: Int, to writer: inout XMLWriter) {
        writer.element("Status") { writer in
            writer.element("CmdID", text: "\(number)")
            writer.element("MsgRef", text: "\(status.message)")
            writer.element("CmdRef", text: status.command)
            writer.element("Cmd", text: status.name)
            if let challenge = status.challenge {
                writer.element("Chal") { writer in
                    writer.element("Meta") { writer in
                        writer.element("Format", ["xmlns": Self.meta], text: "b64")
                        writer.element("Type", ["xmlns": Self.meta], text: challenge.method.rawValue)
                        if let nonce = challenge.nonce {
                            writer.element("NextNonce", ["xmlns": Self.meta], text: Base64.encode(nonce))
                        }
                    }
                }
            }
            writer.element("Data", text: "\(status.code)")
        }
    }

    private static func write(_ result: Result, _ number: Int, to writer: inout XMLWriter) {
        writer.element("Results") { writer in
            writer.element("CmdID", text: "\(number)")
            writer.element("MsgRef", text: "\(result.message)")
            writer.element("CmdRef", text: result.command)
            writer.element("Cmd", text: "Get")
            writer.element("Item") { writer in
                writer.element("Source") { $0.element("LocURI", text: result.node) }
                writer.element("Meta") { $0.element("Format", ["xmlns": Self.meta], text: "chr") }
                writer.element("Data", text: result.value)
            }
        }
    }

    private func writeOpening(to writer: inout XMLWriter) {
        let numbers = self.commands.map(\.id)
        writer.element("Alert") { writer in
            writer.element("CmdID", text: numbers[0])
            writer.element("Data", text: "1201")
        }
        writer.element("Alert") { writer in
            writer.element("CmdID", text: numbers[1])
            writer.element("Data", text: "1224")
            writer.element("Item") { writer in
                writer.element("Meta") {
                    $0.element("Type", ["xmlns": Self.meta], text: "com.microsoft/MDM/LoginStatus")
                }
                writer.element("Data", text: "user")
            }
        }
        writer.element("Replace") { writer in
            writer.element("CmdID", text: numbers[2])
            for (node, value) in self.opening {
                writer.element("Item") { writer in
                    writer.element("Source") { $0.element("LocURI", text: node) }
                    writer.element("Data", text: value)
                }
            }
        }
    }
}
