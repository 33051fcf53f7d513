internal import EnrollmentCore
internal import XMLKit

extension XMLWriter {
    /// What a device is to trust: roots go to Root, authorities below them to CA; a store without any is left out.
    ///
    /// - Parameters:
    ///   - authorities: What the device gets, which during a change of keys is more than one of each.
    ///   - thumbprints: SHA-1 over each of them, in their order.
    mutating func authorities(_ authorities: [AuthorityCertificate], thumbprints: [[UInt8]]) {
        let all = Array(zip(authorities, thumbprints))
        for (store, isRoot) in [("Root", true), ("CA", false)] {
            let members = all.filter { $0.0.isRoot == isRoot }
            guard !members.isEmpty else { continue }
            self.characteristic(store) { writer in
                writer.characteristic("System") { writer in
                    for (authority, thumbprint) in members {
                        writer.certificate(authority.der, thumbprint: thumbprint)
                    }
                }
            }
        }
    }
}
