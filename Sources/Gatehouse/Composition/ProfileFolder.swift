import Authority
import EnrollmentCore
import ServiceRuntime

/// The certificate profiles of the configured folder.
struct ProfileFolder: Sendable {
    let device: CertificateProfile
    let server: CertificateProfile
    let issuing: CertificateProfile
    let root: CertificateProfile

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
        return ProfileFolder(
            device: device,
            server: try self.read("server", in: folder),
            issuing: try self.read("issuing", in: folder),
            root: try self.read("root", in: folder)
        )
    }

    private static func read(_ name: String, in folder: String) throws(CommandProblem) -> CertificateProfile {
        let path = "\(folder)/\(name).json5"
        let octets: [UInt8]
        do throws(FileError) {
            octets = try FilePath.read(path, limit: 65_536)
        } catch {
            throw CommandProblem("GH-PROFILE-002", "the profile cannot be read: \(error)", exit: .usage)
        }
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
