internal import Glibc
internal import ServiceRuntime

/// A folder that keeps one device's identity, and the one before.
///
/// ```text
/// laptop/                  mode 0700
///   1/ 2/ …                one folder for each certificate: the last two stay
///     private-key.pem      PKCS #8, not encrypted; all files have mode 0600
///     certificate.pem      the device's, then what leads to its root
///     roots.pem            all roots the device was given
///     intermediates.pem    all intermediate authorities it was given
///     provisioning.xml     the document the certificate came in
///     account.xml          the one of the enrollment, with the management account
///     facts.json           names and addresses
///   current -> 2           turned over in one step, when everything is on the disk
///   previous -> 1
/// ```
///
/// One process at a time may write to it.
public struct IdentityFolder: Hashable, Sendable {
    /// Which of the two.
    public enum Generation: String, Hashable, Sendable {
        case current
        case previous
    }

    public let path: String

    public init(_ path: String) {
        self.path = path
    }

    /// The folders of identities inside `folder`, in the order of their names.
    ///
    /// - Throws: ``SimulationFailure`` when it cannot be read or holds none.
    public static func all(in folder: String) throws(SimulationFailure) -> [IdentityFolder] {
        guard let entries = opendir(folder) else { throw PrivateFile.failure(folder) }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { octets in
                String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix("."), access("\(folder)/\(name)/\(Generation.current.rawValue)", F_OK) == 0 {
                names.append(name)
            }
        }
        guard !names.isEmpty else { throw .local("\(folder) holds no folders of identities") }
        return names.sorted().map { IdentityFolder("\(folder)/\($0)") }
    }

    /// Makes the folder and keeps the first identity in it.
    ///
    /// - Throws: ``SimulationFailure`` when the folder is there already, or the system refuses.
    public func create(_ identity: DeviceIdentity) throws(SimulationFailure) {
        try PrivateFile.makeFolder(self.path)
        try self.write(identity, to: 1)
        try PrivateFile.pointLink(self.link(.current), to: "1")
    }

    /// Keeps `identity` as the current one; the one before stays as the previous.
    ///
    /// Whatever happens meanwhile, the folder holds one of the two in full.
    ///
    /// - Throws: ``SimulationFailure`` when the system refuses.
    public func replace(with identity: DeviceIdentity) throws(SimulationFailure) {
        let number = try self.number(.current)
        // A run that ended while it wrote left it behind: nothing points there.
        PrivateFile.removeFolder("\(self.path)/\(number + 1)")
        try self.write(identity, to: number + 1)
        try PrivateFile.pointLink(self.link(.previous), to: String(number))
        try PrivateFile.pointLink(self.link(.current), to: String(number + 1))
        PrivateFile.removeFolder("\(self.path)/\(number - 1)")
    }

    /// Reads an identity back.
    ///
    /// - Throws: ``SimulationFailure`` when there is none, or something in it cannot be used.
    public func read(_ generation: Generation = .current) throws(SimulationFailure) -> DeviceIdentity {
        let folder = self.link(generation)
        let chain = try self.certificates("\(folder)/certificate.pem")
        let roots = try self.certificates("\(folder)/roots.pem")
        let intermediates = try self.certificates("\(folder)/intermediates.pem")
        guard let leaf = chain.first else { throw .local("\(folder)/certificate.pem holds no certificate") }
        guard !roots.isEmpty else { throw .local("\(folder)/roots.pem holds no certificate") }
        let key = try DeviceKey(pem: try PrivateFile.read("\(folder)/private-key.pem"))
        let facts = String(decoding: try PrivateFile.read("\(folder)/facts.json"), as: UTF8.self)
        let document = try PrivateFile.read("\(folder)/provisioning.xml")
        // Folders of earlier versions have none.
        let hasAccount = access("\(folder)/account.xml", F_OK) == 0
        let accountDocument = hasAccount ? try PrivateFile.read("\(folder)/account.xml") : nil
        let identity: DeviceIdentity
        do throws(SettingsError) {
            identity = try IdentityFacts.identity(
                reading: facts,
                file: "\(folder)/facts.json",
                certificates: (leaf, Array(chain.dropFirst()) + [roots[0]], roots, intermediates),
                key: key,
                document: document,
                accountDocument: accountDocument
            )
        } catch {
            throw .local("\(error)")
        }
        guard try identity.issuedCertificate().publicKeyInfo == key.publicKeyInfo else {
            throw .local("\(folder): the private key is not the certificate's")
        }
        return identity
    }

    private func link(_ generation: Generation) -> String { "\(self.path)/\(generation.rawValue)" }

    private func number(_ generation: Generation) throws(SimulationFailure) -> Int {
        let target = try PrivateFile.target(of: self.link(generation))
        guard let number = Int(target), number > 0 else {
            throw .local("\(self.link(generation)) leads to \(target), not to a numbered folder beside it")
        }
        return number
    }

    private func certificates(_ file: String) throws(SimulationFailure) -> [[UInt8]] {
        guard let blocks = PEM.blocks("CERTIFICATE", in: try PrivateFile.read(file)) else {
            throw .local("\(file) is not PEM")
        }
        return blocks
    }

    private func write(_ identity: DeviceIdentity, to number: Int) throws(SimulationFailure) {
        let folder = "\(self.path)/\(number)"
        try PrivateFile.makeFolder(folder)
        func pem(_ list: [[UInt8]]) -> [UInt8] { list.flatMap { PEM.text("CERTIFICATE", $0).utf8 } }
        // The root that ends the chain stands first among the roots, where reading finds it.
        let anchor = identity.issuers.suffix(1)
        try PrivateFile.write(Array(try identity.key.pem().utf8), to: "\(folder)/private-key.pem")
        try PrivateFile.write(Array(identity.certificatePEM.utf8), to: "\(folder)/certificate.pem")
        try PrivateFile.write(
            pem(anchor + identity.roots.filter { !anchor.contains($0) }),
            to: "\(folder)/roots.pem"
        )
        try PrivateFile.write(pem(identity.intermediates), to: "\(folder)/intermediates.pem")
        try PrivateFile.write(identity.document, to: "\(folder)/provisioning.xml")
        try PrivateFile.write(identity.accountDocument, to: "\(folder)/account.xml")
        try PrivateFile.write(Array(IdentityFacts.text(of: identity).utf8), to: "\(folder)/facts.json")
        try PrivateFile.synchronizeFolder(folder)
    }
}
