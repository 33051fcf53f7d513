import Authority
import EnrollmentCore
import OpenSSLKit
import ServiceRuntime

/// The certificate profiles of the configured folder.
struct ProfileFolder: Sendable {
    let device: CertificateProfile
    let server: CertificateProfile
    let ocsp: CertificateProfile
    let issuing: CertificateProfile
    let root: CertificateProfile
    /// Of the files of those that the service uses, SHA-256 in hexadecimal by the profile's use.
    let digests: [String: String]

    /// Reads every profile the service uses, and refuses one that is not what its use needs.
    static func load(_ configuration: Configuration) throws(CommandProblem) -> ProfileFolder {
        let folder = configuration.profilesFolder
        let device = try self.read(configuration.deviceProfileName, in: folder)
        guard device.purposes == [.clientAuth] else {
            throw CommandProblem(
                "GH-PROFILE-001",
                "profile \(device.name) is used for devices and has other purposes than clientAuth",
                [("file", "\(folder)/\(configuration.deviceProfileName).json5")],
                exit: .usage
            )
        }
        try self.check(device, against: configuration)
        let ocsp = "\(folder)/ocsp.json5"
        return ProfileFolder(
            device: device,
            server: try self.read("server", in: folder),
            ocsp: try self.ocsp(in: folder),
            issuing: try self.read("issuing", in: folder),
            root: try self.read("root", in: folder),
            digests: [
                "device": try self.digest(self.octets(configuration.deviceProfileName, in: folder)),
                "server": try self.digest(self.octets("server", in: folder)),
                "ocsp": try self.digest(
                    FilePath.exists(ocsp) ? self.octets("ocsp", in: folder) : PackageResources.ocsp_json5
                ),
            ]
        )
    }

    private static func digest(_ octets: [UInt8]) throws(CommandProblem) -> String {
        do throws(OpenSSLError) {
            return Hexadecimal.encode(try Digest.sha256(octets))
        } catch {
            throw CommandProblem("GH-PROFILE-007", "the cryptographic library made no digest: \(error)", exit: .failed)
        }
    }

    /// The profile of OCSP responders: the one that comes with the product where the folder was made before there was
    /// one.
    private static func ocsp(in folder: String) throws(CommandProblem) -> CertificateProfile {
        let profile =
            FilePath.exists("\(folder)/ocsp.json5")
            ? try self.read("ocsp", in: folder)
            : try self.parse(PackageResources.ocsp_json5, as: "ocsp", from: "ocsp.json5 (built in)")
        guard profile.purposes == [.ocspSigning] else {
            throw CommandProblem(
                "GH-PROFILE-006",
                "profile ocsp has other purposes than ocspSigning",
                [("file", "\(folder)/ocsp.json5")],
                exit: .usage
            )
        }
        return profile
    }

    /// Refuses a pair of which one says what the other does not allow.
    private static func check(_ device: CertificateProfile, against configuration: Configuration) throws(CommandProblem)
    {
        let period = device.renewal.renewPeriodDays
        if let window = configuration.renewal.windowDays, window < period {
            throw CommandProblem(
                "GH-PROFILE-004",
                "devices are told to renew \(period) days before the end of their certificates, and renewal.windowDays"
                    + " would let them only \(window) days before",
                [
                    ("file", configuration.file),
                    ("try", "renewal.windowDays of \(period) or more, or a smaller renewPeriodDays in \(device.name)"),
                ],
                exit: .usage
            )
        }
        guard device.renewAfterExpiryDays <= configuration.retention.certificateDays else {
            throw CommandProblem(
                "GH-PROFILE-005",
                "devices may renew for \(device.renewAfterExpiryDays) days after the end of their certificates, which are"
                    + " kept for \(configuration.retention.certificateDays) days only",
                [
                    ("file", configuration.file),
                    ("try", "retention.certificateDays of \(device.renewAfterExpiryDays) or more"),
                ],
                exit: .usage
            )
        }
    }

    private static func read(_ name: String, in folder: String) throws(CommandProblem) -> CertificateProfile {
        try self.parse(self.octets(name, in: folder), as: name, from: "\(folder)/\(name).json5")
    }

    private static func octets(_ name: String, in folder: String) throws(CommandProblem) -> [UInt8] {
        do throws(FileError) {
            return try FilePath.read("\(folder)/\(name).json5", limit: 65_536)
        } catch {
            throw CommandProblem("GH-PROFILE-002", "the profile cannot be read: \(error)", exit: .usage)
        }
    }

    static func parse(
        _ octets: [UInt8],
        as name: String,
        from path: String
    ) throws(CommandProblem) -> CertificateProfile {
        let profile: CertificateProfile
        do throws(SettingsError) {
            profile = try ProfileFile.parse(String(decoding: octets, as: UTF8.self), file: path)
        } catch {
            throw CommandProblem(error)
        }
        guard profile.name.name == name else {
            throw CommandProblem(
                "GH-PROFILE-003",
                "\(path) calls itself \(profile.name.name)",
                [("try", "name: \"\(name)\", or name the file \(profile.name.name).json5")],
                exit: .usage
            )
        }
        return profile
    }
}
