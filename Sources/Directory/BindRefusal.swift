internal import EnrollmentCore
internal import LDAPKit

/// Turns what the directory refused into what the device and the operator are told.
///
/// Conditions that Active Directory reveals only to somebody who knows the password become `authorization`, which tells
/// the user to see an administrator. A lock shows with wrong passwords, too, so it stays `authentication`: a stranger
/// must not learn from it that the account exists.
enum BindRefusal {
    /// The refusal for nobody or more than one under a name.
    static func notFound(matches: Int) -> EnrollmentError {
        guard matches > 1 else {
            return EnrollmentError(
                .authentication,
                "Nobody in the directory has this name. Check its spelling, the base, the person filter, and for "
                    + "DOMAIN\\user that the domain is configured.",
                rule: "directory.user.unknown"
            )
        }
        return EnrollmentError(
            .authentication,
            "More than one entry in the directory has this name, so it proves nothing. Make the name unique, or narrow "
                + "the base, the person filter or the attributes that are compared.",
            rule: "directory.user.ambiguous"
        )
    }

    /// The refusal when nobody has a stable id any more.
    static func gone(_ id: String) -> EnrollmentError {
        EnrollmentError(
            .authorization,
            "The directory no longer has the user whose device this is, or not where and as people are looked for. If "
                + "the account was deleted, retire the device; if it was moved, check the base and the person filter.",
            rule: "directory.user-gone",
            facts: [Fact("user id", id)]
        )
    }

    /// The refusal for an account that the directory says may not be used.
    static func refused(_ condition: AccountCondition, entry: String) -> EnrollmentError {
        let (code, rule, detail) = self.verdict(condition)
        return EnrollmentError(code, detail, rule: rule, facts: [Fact("entry", entry)])
    }

    static func tooManyGroups(_ entry: String) -> EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "The person is in more than \(GroupFinder.most) groups as configured. Narrow the group search.",
            rule: "directory.groups.tooMany",
            facts: [Fact("entry", entry)]
        )
    }

    /// The refusal when a search is not answered for a reason that another server would give, too.
    static func searchRefused(_ error: LDAPError, _ search: LDAPSearch) -> EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "The directory refused a search: \(error.code). Check that the base exists and that the service account may "
                + "read below it.",
            rule: "directory.search.refused",
            facts: [Fact("base", search.base.text)] + self.diagnostic(error),
            cause: error
        )
    }

    /// The refusal for a bind that was answered with a no; `entry` is the person's name, `nil` for the decoy.
    static func refused(_ error: LDAPError, entry: String?) -> EnrollmentError {
        let facts = (entry.map { [Fact("entry", $0)] } ?? []) + self.diagnostic(error)
        let (code, rule, detail) = self.verdict(error)
        return EnrollmentError(code, detail, rule: rule, facts: facts, cause: error)
    }

    private static func verdict(_ error: LDAPError) -> (EnrollmentError.Code, String, String) {
        switch error.code {
        case .strongerAuthenticationRequired, .confidentialityRequired:
            (
                .enrollmentServer, "directory.bind.unprotected",
                "The directory takes no password over this connection. Set security to tls or startTLS."
            )
        case .invalidCredentials, .inappropriateAuthentication, .noSuchObject, .invalidDNSyntax:
            self.verdict(error.condition ?? .wrongPassword)
        default:
            (
                .authentication, "directory.bind.refused",
                "The directory refused to check the password: \(error.code). The directory's own log tells more."
            )
        }
    }

    private static func verdict(_ condition: AccountCondition) -> (EnrollmentError.Code, String, String) {
        switch condition {
        case .unknownUser:
            (.authentication, "directory.user.unknown", "The directory no longer knows this user.")
        case .wrongPassword:
            (.authentication, "directory.password.wrong", "The password is not right.")
        case .locked:
            (
                .authentication, "directory.account.locked",
                "The account is locked after too many wrong passwords. Unlock it, or wait for the lock to end."
            )
        case .passwordExpired:
            (
                .authentication, "directory.password.expired",
                "The password has expired. The user has to choose a new one before enrolling."
            )
        case .mustChangePassword:
            (
                .authentication, "directory.password.mustChange",
                "The password has to be changed at the next sign-in. The user has to do that before enrolling."
            )
        case .disabled:
            (.authorization, "directory.account.disabled", "The account is disabled. Enable it in the directory.")
        case .accountExpired:
            (.authorization, "directory.account.expired", "The account has expired. Extend it in the directory.")
        case .notAllowedAtThisTime:
            (
                .authorization, "directory.account.hours",
                "The account may not sign in at this time. Its logon hours are set in the directory."
            )
        case .notAllowedFromHere:
            (
                .authorization, "directory.account.workstation",
                "The account may not sign in from here. Its permitted workstations are set in the directory."
            )
        }
    }

    private static func diagnostic(_ error: LDAPError) -> [Fact] {
        error.diagnostic.isEmpty ? [] : [Fact("directory said", error.diagnostic)]
    }
}
