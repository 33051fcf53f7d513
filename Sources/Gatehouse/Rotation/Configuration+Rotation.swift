import EnrollmentCore

extension Configuration {
    /// Percent of live devices that have to know a root before it is activated.
    var adoptionThreshold: Int { self.rotation.adoptionThreshold }

    /// What the planner of key rotation goes by.
    func rotationRules(_ profiles: ProfileFolder) -> RotationPlanner.Rules {
        RotationPlanner.Rules(
            issuing: self.rotation.issuing.schedule,
            root: self.rotation.root.schedule,
            deviceDays: profiles.device.validityDays,
            issuingDays: profiles.issuing.validityDays
        )
    }
}
