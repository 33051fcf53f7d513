internal import EnrollmentCore

extension GroupName {
    static func encode(_ groups: [GroupName]) -> [UInt8] {
        var writer = FieldWriter()
        for group in groups { writer.append(group.text) }
        return writer.octets
    }

    static func decode(_ octets: [UInt8]) throws(EnrollmentError) -> [GroupName] {
        var reader = FieldReader(octets)
        var groups: [GroupName] = []
        while !reader.isAtEnd { groups.append(GroupName(try reader.text())) }
        return groups
    }
}

extension Fact {
    static func encode(_ facts: [Fact]) -> [UInt8]? {
        guard !facts.isEmpty else { return nil }
        var writer = FieldWriter()
        for fact in facts {
            writer.append(fact.name)
            writer.append(fact.value)
        }
        return writer.octets
    }

    static func decode(_ octets: [UInt8]) throws(EnrollmentError) -> [Fact] {
        var reader = FieldReader(octets)
        var facts: [Fact] = []
        while !reader.isAtEnd { facts.append(Fact(try reader.text(), try reader.text())) }
        return facts
    }
}

extension Attempt.Step {
    static func encode(_ steps: [Attempt.Step]) -> [UInt8]? {
        guard !steps.isEmpty else { return nil }
        var writer = FieldWriter()
        for step in steps {
            writer.append(step.name)
            writer.append(step.succeeded ? 1 : 0)
            writer.append(step.microseconds)
            writer.append(step.note)
        }
        return writer.octets
    }

    static func decode(_ octets: [UInt8]) throws(EnrollmentError) -> [Attempt.Step] {
        var reader = FieldReader(octets)
        var steps: [Attempt.Step] = []
        while !reader.isAtEnd {
            let name = try reader.text()
            let succeeded = try reader.number() != 0
            let microseconds = try reader.number()
            steps.append(
                Attempt.Step(name: name, succeeded: succeeded, microseconds: microseconds, note: try reader.text())
            )
        }
        return steps
    }
}

extension CountedDevice {
    static func encode(_ devices: [CountedDevice]) -> [UInt8]? {
        guard !devices.isEmpty else { return nil }
        var writer = FieldWriter()
        for device in devices {
            writer.append(device.device.octets)
            writer.append(device.name)
            writer.append(device.state.rawValue)
            writer.append(device.lastProvenContact.microseconds)
            writer.append(device.certificateEnds == nil ? 0 : 1)
            writer.append(device.certificateEnds?.microseconds ?? 0)
        }
        return writer.octets
    }

    static func decode(_ octets: [UInt8]) throws(EnrollmentError) -> [CountedDevice] {
        var reader = FieldReader(octets)
        var devices: [CountedDevice] = []
        while !reader.isAtEnd {
            guard let id = DeviceID(octets: try reader.octets()) else { throw .unreadable("a counted device") }
            let name = try reader.text()
            guard let state = DeviceState(rawValue: try reader.text()) else { throw .unreadable("a counted device") }
            let contact = Timestamp(microseconds: try reader.number())
            let hasEnd = try reader.number() != 0
            let end = Timestamp(microseconds: try reader.number())
            devices.append(
                CountedDevice(
                    device: id,
                    name: name,
                    state: state,
                    lastProvenContact: contact,
                    certificateEnds: hasEnd ? end : nil
                )
            )
        }
        return devices
    }
}

/// Short texts one after the other, such as the sentences about conflicts.
enum TextList {
    static func encode(_ texts: [String]) -> [UInt8]? {
        guard !texts.isEmpty else { return nil }
        var writer = FieldWriter()
        for text in texts { writer.append(text) }
        return writer.octets
    }

    static func decode(_ octets: [UInt8]) throws(EnrollmentError) -> [String] {
        var reader = FieldReader(octets)
        var texts: [String] = []
        while !reader.isAtEnd { texts.append(try reader.text()) }
        return texts
    }
}
