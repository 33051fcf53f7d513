package import EnrollmentCore
package import OpenSSLKit
internal import PKCS11Kit

/// Where the key of a new issuer is made when nobody says otherwise: where the configuration has it, else where the present
/// issuer's is.
///
/// A key that is on a token is not followed by one in the store unasked, nor an offline root's by one that is online.
package struct KeySeats: Sendable {
    package enum Seat: Hashable, Sendable {
        /// Sealed for the service's passphrase.
        case store
        /// On the token that the configuration calls so.
        case token(String)
    }

    private let tokens: TokenKeys
    private let configured: [IssuerRecord.Role: String]

    /// - Parameters:
    ///   - tokens: The configured tokens.
    ///   - configured: By role, the name of the token on which its keys are made.
    package init(_ tokens: TokenKeys, configured: [IssuerRecord.Role: String] = [:]) {
        self.tokens = tokens
        self.configured = configured
    }

    /// - Parameters:
    ///   - role: Of the new issuer.
    ///   - present: Whom it follows.
    /// - Returns: The place.
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `rotation.seat` when the present key is where no
    ///   other can be made by the service, or on a token that the configuration does not have.
    package func seat(of role: IssuerRecord.Role, after present: IssuerRecord?) throws(EnrollmentError) -> Seat {
        if let name = self.configured[role] { return .token(try self.tokens.place(named: name).name) }
        guard let present else { return .store }
        switch present.key {
        case .sealed, .destroyed: return .store
        case .split, .offline: throw Self.unasked(present, "is \(present.key.place)", role)
        case .token(let text):
            guard let uri = TokenKeyURI(text),
                let place = self.tokens.all.first(where: { $0.settings.label == uri.token })
            else { throw Self.unasked(present, "is on a token that the configuration does not have", role) }
            return .token(place.name)
        }
    }

    private static func unasked(_ present: IssuerRecord, _ place: String, _ role: IssuerRecord.Role) -> EnrollmentError
    {
        EnrollmentError(
            .authorization,
            "The key of \(present.id) \(place), so that of its successor is not made in the store unasked. Say where:"
                + " gatehouse ca prepare --role \(role.rawValue) with --sealed, --token NAME"
                + (role == .root ? " or --certificate FILE." : "."),
            rule: "rotation.seat",
            facts: [Fact("issuer", present.id), Fact("place", present.key.place)]
        )
    }
}

/// Makes keys in the store for whoever asks for that, and those of successors where ``KeySeats`` says.
package struct SeatedKeyMaker: IssuerKeyMaker {
    private let sealed: SealedKeyMaker
    private let seats: KeySeats
    private let tokens: TokenKeys
    private let random: any RandomSource

    package init(_ vault: Vault, _ tokens: TokenKeys, _ seats: KeySeats, random: any RandomSource) {
        self.sealed = SealedKeyMaker(vault: vault, tokens: tokens)
        self.seats = seats
        self.tokens = tokens
        self.random = random
    }

    package func make(
        _ type: KeyType,
        for id: String
    ) async throws(EnrollmentError) -> (key: any IssuerKey, location: KeyLocation) {
        try await self.sealed.make(type, for: id)
    }

    package func maker(
        following present: IssuerRecord?,
        as role: IssuerRecord.Role
    ) throws(EnrollmentError) -> any IssuerKeyMaker {
        switch try self.seats.seat(of: role, after: present) {
        case .store: self.sealed
        case .token(let name): try TokenKeyMaker(name, of: self.tokens, random: self.random)
        }
    }

    package func destroy(_ location: KeyLocation, of id: String) async throws(EnrollmentError) {
        try await self.sealed.destroy(location, of: id)
    }

    package func destroyKey(of issuer: IssuerRecord) async throws(EnrollmentError) {
        try await self.sealed.destroyKey(of: issuer)
    }
}
