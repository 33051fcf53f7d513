internal import EnrollmentCore
internal import SQLText

/// What all replicas have to have in common, by name.
struct AgreementTable {
    let connection: LedgerConnection

    /// By name.
    func settings() throws -> [AgreedSetting] {
        let row = try self.connection.prepare("SELECT name, value FROM agreement ORDER BY name")
        var settings: [AgreedSetting] = []
        while try row.step() { settings.append(AgreedSetting(name: row.text(0), value: row.text(1))) }
        return settings
    }

    /// Adds a name that is not there yet; one that is keeps its value.
    func add(_ setting: AgreedSetting, at now: Timestamp) throws {
        let statement = try self.connection.prepare(
            "INSERT INTO agreement (name, value, changed) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO NOTHING"
        )
        try statement.bind(setting.name, at: 1)
        try statement.bind(setting.value, at: 2)
        try statement.bind(now.microseconds, at: 3)
        try statement.run()
    }

    func set(_ setting: AgreedSetting, at now: Timestamp) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO agreement (name, value, changed) VALUES (?1, ?2, ?3)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed = excluded.changed
            """
        )
        try statement.bind(setting.name, at: 1)
        try statement.bind(setting.value, at: 2)
        try statement.bind(now.microseconds, at: 3)
        try statement.run()
    }
}
