internal import EnrollmentCore
internal import LDAPKit

/// Whether an account may still be used, read from its entry.
///
/// At sign-in the directory says so itself when it refuses the bind; without a password there is only what the entry
/// shows. Attributes that a directory does not have, or that the service account may not read, say nothing.
enum AccountStanding {
    /// Everything that ``condition(of:at:)`` looks at.
    static let attributes: [LDAPAttributeName] = [
        Self.control, Self.expiry, Self.accountLock, Self.lockedTime,
    ]

    /// Active Directory's flags ([MS-ADTS] § 2.2.16).
    private static let control: LDAPAttributeName = "userAccountControl"
    private static let disabledFlag: Int64 = 0x2
    /// Active Directory's end of the account: units of 100 ns since 1601; 0 and the largest number are never
    /// ([MS-ADA1] § 2.2).
    private static let expiry: LDAPAttributeName = "accountExpires"
    /// 389 Directory Server and FreeIPA: `TRUE` for an account that an administrator made inactive.
    private static let accountLock: LDAPAttributeName = "nsAccountLock"
    /// OpenLDAP's password policy; this value is an administrator's lock without an end, every other one comes from
    /// wrong passwords, which anybody can send (draft-behera-ldap-password-policy § 5.3.3).
    private static let lockedTime: LDAPAttributeName = "pwdAccountLockedTime"
    private static let lockedByAdministrator = "000001010000Z"

    /// Seconds between 1601 and 1970.
    private static let epochOffset: Int64 = 11_644_473_600

    /// What keeps the account from being used, or `nil` when nothing does.
    static func condition(of entry: LDAPEntry, at now: Timestamp) -> AccountCondition? {
        if let text = entry.text(Self.control) {
            // Flags that cannot be read are not taken for none.
            guard let flags = Int64(text), flags & Self.disabledFlag == 0 else { return .disabled }
        }
        if entry.text(Self.accountLock)?.lowercased() == "true" { return .disabled }
        if entry.text(Self.lockedTime) == Self.lockedByAdministrator { return .disabled }
        if let text = entry.text(Self.expiry) {
            guard let ticks = Int64(text) else { return .accountExpired }
            let isEndless = ticks == 0 || ticks == Int64.max
            if !isEndless && ticks / 10_000_000 - Self.epochOffset <= now.seconds { return .accountExpired }
        }
        return nil
    }
}
