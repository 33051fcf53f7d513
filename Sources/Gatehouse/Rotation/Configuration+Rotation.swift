import EnrollmentCore

extension Configuration {
    /// Percent of live devices that have to know a root before it is activated.
    var adoptionThreshold: Int { 95 }

    /// What the planner goes by.
    func planningRules(_ profiles: ProfileFolder) -> RotationPlanner.Rules {
        RotationPlanner.Rules(
            deviceDays: profiles.device.validityDays,
            issuingDays: profiles.issuing.validityDays
        )
    }
}
