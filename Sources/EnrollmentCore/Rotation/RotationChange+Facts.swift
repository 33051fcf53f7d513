extension RotationChange {
    /// Whether there is nothing to do.
    public var isNothing: Bool {
        self.moves.isEmpty && !self.hurries && self.destroyedKeys.isEmpty && self.revokedIssuers.isEmpty
            && self.announcements.isEmpty
    }

    /// What the act's record says that was done.
    public var facts: [Fact] {
        var facts = [Fact("issuer", self.id)]
        facts += self.moves.map { Fact("move", "\($0.id) from \($0.from.rawValue) to \($0.to.rawValue)") }
        if self.hurries { facts.append(Fact("hurried", self.id)) }
        facts += self.destroyedKeys.map { Fact("key-destroyed", $0) }
        facts += self.revokedIssuers.sorted { $0.key < $1.key }.map { Fact("revoked", "\($0.key) \($0.value.name)") }
        if let overridden = self.overridden { facts.append(Fact("override", overridden)) }
        return facts
    }
}

extension IssuerRecord {
    /// What the record of its preparation says.
    public var preparationFacts: [Fact] {
        [
            Fact("issuer", self.id), Fact("role", self.role.rawValue), Fact("signed-by", self.signedBy),
            Fact("key", self.key.place),
        ]
    }
}
