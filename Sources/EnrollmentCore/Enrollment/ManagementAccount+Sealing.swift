extension ManagementAccount {
    /// What ``SecretSealer/seal(_:for:)`` is told an account is sealed for: it opens for its device alone.
    public static func sealingPurpose(of device: DeviceID) -> String {
        "account/\(device)"
    }

    /// The account as it is sealed: five lines, one value to a line.
    public var octetsToSeal: [UInt8] {
        let lines = [
            self.clientName, self.clientSecret.reveal(), self.clientNonce, self.serverSecret.reveal(),
            self.serverNonce,
        ]
        return Array(lines.joined(separator: "\n").utf8)
    }

    /// Takes back what ``octetsToSeal`` gave; `nil` for anything else.
    public init?(opened octets: some Sequence<UInt8>) {
        let lines = Array(octets).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard lines.count == 5, !lines.contains("") else { return nil }
        self.init(
            clientName: lines[0],
            clientSecret: Redacted(lines[1]),
            clientNonce: lines[2],
            serverSecret: Redacted(lines[3]),
            serverNonce: lines[4]
        )
    }
}
