/// What a simulated device shows of itself to its management server, and what the server may leave there.
///
/// Nodes of DevInfo, DevDetail and DMClient, as far as a first session asks for them.
struct ManagementTree: Sendable {
    private var nodes: [String: String]
    /// Sent at the start of every session, in this order.
    let opening: [(node: String, value: String)]

    init(_ identity: DeviceIdentity, profile: DeviceProfile) {
        let device = identity.device
        self.opening = [
            ("./DevInfo/DevId", device.deviceID), ("./DevInfo/Man", profile.manufacturer),
            ("./DevInfo/Mod", profile.model), ("./DevInfo/DmV", "1.3"), ("./DevInfo/Lang", profile.locale),
        ]
        self.nodes = [
            "./DevDetail/SwV": profile.osVersion, "./DevDetail/HwV": "1.0", "./DevDetail/FwV": "1.0",
            "./DevDetail/OEM": profile.manufacturer, "./DevDetail/DevTyp": profile.deviceType,
            "./DevDetail/Ext/Microsoft/DeviceName": device.name,
            "./DevDetail/Ext/Microsoft/SMBIOSSerialNumber": device.serialNumber,
            "./DevDetail/Ext/Microsoft/LocalTime": "2026-11-20T04:00:00.0000000Z",
            "./Vendor/MSFT/DMClient/Provider/\(identity.providerID)/EntDMID": identity.entDMID,
            "./Vendor/MSFT/DMClient/Provider/\(identity.providerID)/HWDevID": device.hardwareID,
        ]
        for (node, value) in self.opening { self.nodes[node] = value }
    }

    func value(at node: String) -> String? { self.nodes[node] }

    /// Does what one command asks for.
    ///
    /// - Returns: The code of its status (OMA Device Management Representation Protocol 1.2 § 10), and what it read.
    mutating func perform(_ command: ServerPackage.Command) -> (code: Int, results: [(node: String, value: String)]) {
        switch command.name {
        case "Get":
            var found: [(node: String, value: String)] = []
            for item in command.items {
                guard let value = self.nodes[item.target] else { return (404, []) }
                found.append((item.target, value))
            }
            return (found.isEmpty ? 400 : 200, found)
        case "Add", "Replace":
            guard command.items.allSatisfy({ $0.target.hasPrefix("./") }), !command.items.isEmpty else {
                return (400, [])
            }
            for item in command.items { self.nodes[item.target] = item.data ?? "" }
            return (200, [])
        case "Delete":
            guard command.items.allSatisfy({ self.nodes[$0.target] != nil }), !command.items.isEmpty else {
                return (404, [])
            }
            for item in command.items { self.nodes[item.target] = nil }
            return (200, [])
        case "Alert":
            return (200, [])
        default:
            // Optional feature not supported.
            return (406, [])
        }
    }
}
