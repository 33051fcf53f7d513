import ServiceRuntime

/// How backups are made, and how old the last one may be.
struct BackupSettings: Hashable, Sendable {
    /// What backups are encrypted with; may be another one than the store's.
    var passphrase: SecretReference?
    /// Where backups go that nobody names a file for.
    var folder: String?
    /// How many of them are kept there; `nil` for all.
    var keep: Int?
    /// Hours after which doctor misses a newer one; `nil` when backups are made by other means.
    var maxAgeHours: Int?
}

/// Reads `backup: {…}`.
enum BackupSection {
    static func read(_ reader: SettingsReader?, folder: String) throws(SettingsError) -> BackupSettings {
        var settings = BackupSettings()
        guard let reader else { return settings }
        settings.passphrase = try reader.object("passphrase").map { (reader) throws(SettingsError) in
            try SecretReference(reader, relativeTo: folder)
        }
        settings.folder = try reader.string("folder").map { FilePath.resolve($0, in: folder) }
        settings.keep = try reader.integer("keep", in: 1...10_000)
        settings.maxAgeHours = try reader.integer("maxAgeHours", in: 1...8_760)
        try reader.finish()
        if settings.keep != nil, settings.folder == nil {
            throw reader.error("keep", "goes with folder, where the files are that are counted")
        }
        return settings
    }
}
